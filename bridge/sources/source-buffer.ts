/** The buffer of a source that reads MQTT, from a broker or from clients: opened and closed, counted in the source's account, and reported. */
import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../../api/errors.ts';
import type { BufferDropReason, BufferFigures, SyncFigures } from '../buffer/figures.ts';
import type { BufferHandler } from '../buffer/handler.ts';
import type { MessageBuffer } from '../buffer/message-buffer.ts';
import { type OpenBuffer, openBuffer } from '../buffer/open-buffer.ts';
import type { BufferOptions } from '../buffer/options.ts';
import type { Account } from '../flow/account.ts';
import { type Outcome, outcomeNumber } from '../flow/outcome.ts';

/** What a buffer reports. */
export interface BufferReports {
  bufferOpened(facts: object): void;
  /** Messages went nowhere. @param reason that they are counted under; undefined for what was not acknowledged */
  bufferDropped(error: MkbError, reason: Outcome | undefined): void;
}

export interface SourceBufferEvents {
  readonly reports: BufferReports;
  /** Something failed that is tried again. */
  problem(error: MkbError): void;
  /** Repeats an action until it is done, or throws what no retry changes. */
  untilDone(action: () => Promise<void>): Promise<void>;
}

/** What the source does for it. */
export type SourceBufferHandler = Omit<BufferHandler, 'toWrite' | 'dropped' | 'unreadable'>;

const outcomeOf: Readonly<Partial<Record<BufferDropReason, Outcome>>> = {
  full: 'buffer_full',
  expired: 'buffer_expired',
  unreadable: 'buffer_unreadable',
};

const whyLost = {
  expired: 'had waited for longer than maxAge, and were dropped',
  unreadable: 'are damaged or missing: they are lost',
  torn: 'were not written to their end when the process or the machine died; with fsync: always none of them was acknowledged',
};

export class SourceBuffer {
  /** Whether what it has taken outlives the process. */
  readonly onDisk: boolean;
  readonly #options: BufferOptions;
  readonly #account: Account;
  readonly #events: SourceBufferEvents;
  #buffer: OpenBuffer | undefined;

  constructor(options: BufferOptions, account: Account, events: SourceBufferEvents) {
    this.#options = options;
    this.#account = account;
    this.#events = events;
    this.onDisk = options.store !== undefined;
  }

  /** Undefined until it is open. */
  get figures(): (BufferFigures & SyncFigures) | undefined {
    if (this.#buffer === undefined) return undefined;
    const { syncs, syncSeconds } = this.#buffer.syncs;
    return { ...this.#buffer.figures, syncs, syncSeconds };
  }

  get isOpen(): boolean {
    return this.#buffer !== undefined;
  }

  /** Call it only while it is open. */
  get messages(): MessageBuffer {
    return this.#buffer!.messages;
  }

  /** Messages before this id may have come by another plan. */
  get planFrom(): number {
    return this.#buffer!.planFrom;
  }

  /** Whether a message that had an id in an earlier process was written to its end. */
  wasWritten(id: number): boolean {
    const { nextId, torn } = this.#buffer!.recovered!;
    return id < nextId && !torn.some(([from, to]) => id >= from && id < to);
  }

  /** Waits for a folder that another process has. @param plan by which messages are chosen that come from now on */
  open(handler: SourceBufferHandler, plan?: string): Promise<void> {
    return this.#events.untilDone(() => this.#open(handler, plan));
  }

  missing(): readonly string[] {
    const full = this.onDisk && this.#buffer?.figures.writable === false;
    return full ? ['its buffer is full, or cannot be written'] : [];
  }

  /** What is on a disk stays there; what is in memory is handed over. */
  stop(): void {
    if (this.onDisk) this.#buffer?.messages.stop();
    else this.#buffer?.messages.finish();
  }

  async close(limitMs: number): Promise<void> {
    if (this.#buffer) await Promise.race([this.#buffer.close(), pause(limitMs, undefined, { ref: false })]);
  }

  /** Messages that do not go into it have an outcome. */
  count(outcome: Outcome, count: number): void {
    this.#account.received += count;
    this.#account.settled[outcomeNumber[outcome]]! += count;
  }

  get #folder(): string {
    return this.#options.store?.folder ?? 'memory';
  }

  async #open(handler: SourceBufferHandler, plan: string | undefined): Promise<void> {
    const whole: Omit<BufferHandler, 'toWrite'> = {
      message: (message, number) => handler.message(message, number),
      handedOver: () => handler.handedOver(),
      safe: arrival => handler.safe(arrival),
      acknowledge: () => handler.acknowledge(),
      hold: () => handler.hold(),
      go: () => handler.go(),
      dropped: (reason, count) => this.#dropped(reason, count),
      unreadable: ({ message: reason }) =>
        this.#events.problem(new MkbError('buffer-unreadable', { folder: this.#folder, reason })),
    };
    const options = plan === undefined ? this.#options : { ...this.#options, plan };
    this.#buffer = await openBuffer(options, whole, error => this.#events.problem(error));
    const { recovered, figures } = this.#buffer;
    if (recovered === undefined) return;
    const { messages, bytes } = figures;
    this.#events.reports.bufferOpened({ folder: this.#folder, messages, bytes, files: recovered.files.length });
    if (recovered.ledgerLost) this.#events.problem(new MkbError('buffer-ledger-lost', { folder: this.#folder }));
  }

  #dropped(reason: BufferDropReason, count: number): void {
    const outcome = outcomeOf[reason];
    if (outcome !== undefined) this.count(outcome, count);
    const error =
      reason === 'full'
        ? new MkbError('buffer-full', { count })
        : new MkbError('buffer-messages-lost', { folder: this.#folder, count, why: whyLost[reason] });
    this.#events.reports.bufferDropped(error, outcome);
  }
}
