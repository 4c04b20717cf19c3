/**
 * MQTT as a source with a buffer before the pipeline: what the session hands over goes into the buffer, and what the pipeline gets comes out of it.
 *
 * The pipeline pauses and resumes the buffer, not the session, which goes on reading for as long as there is room.
 *
 * The surprising case is a change of the document while messages wait. A message that came under a Subscription Identifier goes through the rules of that
 * subscription only, because there may be other copies of it; which rules these are depends on all filters. So what was buffered under other subscriptions than
 * today's goes through every rule of its topic: better twice than not at all.
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../../api/errors.ts';
import type { BufferDropReason, BufferFigures, SyncFigures } from '../buffer/figures.ts';
import type { BufferHandler } from '../buffer/handler.ts';
import { type OpenBuffer, openBuffer } from '../buffer/open-buffer.ts';
import type { BufferOptions } from '../buffer/options.ts';
import { type Outcome, outcomeNumber } from '../flow/outcome.ts';
import type { Intake } from '../flow/source.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { MqttSource, type MqttSourceEvents, type MqttSourceOptions } from './mqtt.ts';

export interface BufferedMqttOptions extends MqttSourceOptions {
  readonly buffer: BufferOptions;
}

/** What a buffer reports. */
export interface BufferReports {
  bufferOpened(facts: object): void;
  /** Messages went nowhere. @param reason that they are counted under; undefined for what was not acknowledged */
  bufferDropped(error: MkbError, reason: Outcome | undefined): void;
}

export interface BufferedMqttEvents extends MqttSourceEvents {
  readonly reports: BufferReports;
  /** Repeats an action until it is done, or throws what no retry changes. */
  untilDone(action: () => Promise<void>): Promise<void>;
}

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

export class BufferedMqttSource extends MqttSource implements Omit<BufferHandler, 'toWrite'> {
  readonly #options: BufferedMqttOptions;
  readonly #events: BufferedMqttEvents;
  #buffer: OpenBuffer | undefined;
  #hand!: Intake;
  #closing: Promise<void> | undefined;

  constructor(options: BufferedMqttOptions, events: BufferedMqttEvents) {
    super(options, events);
    this.#options = options;
    this.#events = events;
  }

  /** Undefined until it is open. */
  get buffer(): (BufferFigures & SyncFigures) | undefined {
    if (this.#buffer === undefined) return undefined;
    const { syncs, syncSeconds } = this.#buffer.syncs;
    return { ...this.#buffer.figures, syncs, syncSeconds };
  }

  /** What is on a disk is acknowledged, whatever the pipeline does. */
  override get starved(): boolean {
    return this.#options.buffer.store === undefined && super.starved;
  }

  /** Takes messages from now on; they are handed over from `start` on. */
  async open(intake: Intake): Promise<void> {
    this.#hand = intake;
    await this.#events.untilDone(() => this.#open());
    if (this.#closing === undefined && this.#buffer) this.session.start();
  }

  override async start(intake: Intake): Promise<void> {
    if (this.#buffer === undefined || this.#closing !== undefined) return;
    this.#buffer.messages.resume();
    await super.start(intake);
  }

  override missing(): readonly string[] {
    const full = this.#buffer?.figures.writable === false && this.#options.buffer.store !== undefined;
    return [...super.missing(), ...(full ? ['its buffer is full, or cannot be written'] : [])];
  }

  override pause(): void {
    this.#buffer?.messages.pause();
  }

  override resume(): void {
    this.#buffer?.messages.resume();
  }

  override settle(number: number): void {
    this.#buffer!.messages.settle(number);
  }

  /** What is on a disk stays there; what is in memory is handed over. */
  override stop(): void {
    super.stop();
    if (this.#options.buffer.store !== undefined) this.#buffer?.messages.stop();
    else this.#buffer?.messages.finish();
  }

  override close(limitMs: number): Promise<void> {
    this.#closing ??= this.#close(limitMs);
    return this.#closing;
  }

  // --- from the session

  override take(message: MqttMessage, arrival: number): void {
    const { topic, unwanted } = message;
    const isWanted = this.routes.for(topic, message.named).length > 0;
    const outcome = unwanted ?? (isWanted ? undefined : this.whyNoRule(topic));
    if (outcome === undefined) {
      this.#buffer!.messages.take(message, arrival);
      return;
    }
    this.#count(outcome, 1);
    this.session.settle(arrival);
  }

  protected override readEnd(): void {
    this.#buffer!.messages.readEnd();
    this.session.acknowledge();
  }

  // --- from the buffer

  message(message: MqttMessage, number: number): void {
    const isOlder = message.arrival < this.#buffer!.planFrom;
    const routes = isOlder ? this.routes.of(message.topic) : this.routes.for(message.topic, message.named);
    if (routes.length === 0) this.#hand.drop(message, number, 'no_rule');
    else this.handOver(message, number, routes);
  }

  handedOver(): void {
    super.readEnd();
  }

  safe(arrival: number): void {
    this.session.settle(arrival);
  }

  hold(): void {
    super.pause();
  }

  go(): void {
    super.resume();
  }

  dropped(reason: BufferDropReason, count: number): void {
    const outcome = outcomeOf[reason];
    if (outcome !== undefined) this.#count(outcome, count);
    const error =
      reason === 'full'
        ? new MkbError('buffer-full', { count })
        : new MkbError('buffer-messages-lost', { folder: this.#folder, count, why: whyLost[reason] });
    this.#events.reports.bufferDropped(error, outcome);
  }

  unreadable({ message: reason }: MkbError): void {
    this.#events.problem(new MkbError('buffer-unreadable', { folder: this.#folder, reason }));
  }

  get #folder(): string {
    return this.#options.buffer.store?.folder ?? 'memory';
  }

  #count(outcome: Outcome, count: number): void {
    this.account.received += count;
    this.account.settled[outcomeNumber[outcome]]! += count;
  }

  async #open(): Promise<void> {
    const { buffer, session, rules } = this.#options;
    const filters = rules.map(rule => rule.filters.map(({ filter }) => filter));
    const plan = createHash('sha256')
      .update(JSON.stringify([session.subscriptions, filters]))
      .digest('hex');
    const opened = await openBuffer({ ...buffer, plan }, this, error => this.#events.problem(error));
    this.attach(this.#hand);
    this.#buffer = opened;
    const { recovered, figures } = opened;
    if (recovered === undefined) return;
    const { messages, bytes } = figures;
    this.#events.reports.bufferOpened({ folder: this.#folder, messages, bytes, files: recovered.files.length });
    if (recovered.ledgerLost) this.#events.problem(new MkbError('buffer-ledger-lost', { folder: this.#folder }));
  }

  async #close(limitMs: number): Promise<void> {
    const buffer = this.#buffer;
    if (buffer) await Promise.race([buffer.close(), pause(limitMs / 2, undefined, { ref: false })]);
    await super.close(limitMs / 2);
  }
}
