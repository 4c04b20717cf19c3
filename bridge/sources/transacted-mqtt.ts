/**
 * MQTT as a source whose messages of QoS 2 reach Kafka exactly once: which packet identifiers the session has received is committed with the
 * records of their messages.
 *
 *     PUBLISH 7 --> records, and "7 is received", in one transaction --> committed --> PUBREC 7
 *     PUBREL 7  --> "7 is free", in a transaction                    --> committed --> PUBCOMP 7
 *
 * So whatever ends in between, the topic says what a PUBLISH is that comes again: one that is received gets its PUBREC and makes no record. The
 * server may use an identifier for another message when it has PUBCOMP, and by then it is free in the topic too.
 *
 * When a transaction is aborted the connection is dropped, for only then does the server deliver again what was in it.
 *
 * The surprising case is a server that has lost the session. What the topic says is of the old one, and would take the first messages of the new
 * one for repetitions. So that is left at once, the topic is cleared, and only then is a session made that has subscriptions.
 */
import type { MkbError } from '../../api/errors.ts';
import type { Intake } from '../flow/source.ts';
import type { Transacted } from '../transacted.ts';
import { MqttSource, type MqttSourceEvents, type MqttSourceOptions } from './mqtt.ts';
import { ReceiptLog, type ReceiptLogOptions } from './receipt-log.ts';

export interface TransactedMqttOptions extends MqttSourceOptions {
  readonly receipts: ReceiptLogOptions;
}

export interface TransactedMqttEvents extends MqttSourceEvents {
  /** Writes a record into the transaction. */
  keep(topic: string, key: Buffer, value: Buffer): void;
  /** The server can probably send no more before a transaction ends. */
  full(): void;
  /** Something failed that is retried. */
  problem(error: MkbError): void;
  /** Repeats an action until it is done, or throws what no retry changes. */
  untilDone(action: () => Promise<void>): Promise<void>;
}

/** Fewer exchanges than this wait for the clock: a transaction for each message of a quiet topic would be work for nothing. */
const worthATransaction = 10;

export class TransactedMqttSource extends MqttSource implements Transacted {
  readonly #events: TransactedMqttEvents;
  readonly #log: ReceiptLog;
  #hand!: Intake;
  #held = false;
  #isPaused = false;
  /** The value of the record that is committed, and of the one that was written last; undefined before the first is read. */
  #committed: Buffer | undefined;
  #written: Buffer | undefined;
  /** Settles when the topic says nothing of a session any more that the server has lost; undefined while there is nothing to wait for. */
  #cleared: PromiseWithResolvers<void> | undefined;

  constructor(options: TransactedMqttOptions, events: TransactedMqttEvents) {
    super({ ...options, session: { ...options.session, keepsReceipts: true } }, events);
    this.#events = events;
    this.#log = new ReceiptLog(options.receipts);
  }

  override async start(intake: Intake): Promise<void> {
    this.#hand = intake;
    this.attach(intake);
    await this.#restore();
    await super.start(intake);
  }

  override pause(): void {
    this.#isPaused = true;
    super.pause();
  }

  override resume(): void {
    this.#isPaused = false;
    if (!this.#held) super.resume();
  }

  hold(): void {
    this.#held = true;
    super.pause();
  }

  goOn(): void {
    this.#held = false;
    if (!this.#isPaused) super.resume();
  }

  writeProgress(): boolean {
    if (this.#committed === undefined) return false;
    this.#written = this.#log.valueOf(this.session.receipts());
    if (this.#written.equals(this.#committed)) return false;
    this.#events.keep(this.#log.topic, this.#log.key, this.#written);
    return true;
  }

  committed(): void {
    if (this.#written === undefined) return;
    this.#committed = this.#written;
    if (this.#isClear) this.#cleared?.resolve();
    if (this.#isClear) this.#cleared = undefined;
    this.session.kept();
  }

  forget(): void {
    this.#hand?.withdrawn(() => true);
  }

  async readAgain(): Promise<void> {
    if (this.#committed === undefined) return;
    this.session.suspend();
    await this.#restore();
    this.session.start();
  }

  protected override readEnd(): void {
    super.readEnd();
    if (this.session.starved && this.session.outstanding >= worthATransaction) this.#events.full();
  }

  protected override sessionLost(): boolean {
    if (this.#isClear) return false;
    this.#cleared ??= Promise.withResolvers();
    return true;
  }

  protected override get connectsLater(): Promise<void> | undefined {
    return this.#cleared?.promise;
  }

  /** Whether the topic names no packet identifiers. */
  get #isClear(): boolean {
    return this.#committed?.equals(this.#log.valueOf([])) ?? false;
  }

  async #restore(): Promise<void> {
    let kept: readonly number[] = [];
    await this.#events.untilDone(async () => {
      kept = await this.#log.read(error => this.#events.problem(error));
    });
    this.#written = undefined;
    this.#committed = this.#log.valueOf(kept);
    this.session.restore(this.#cleared ? [] : kept);
  }
}
