/**
 * MQTT clients as a source with a buffer before the pipeline: what clients publish goes into the buffer, and what the pipeline gets comes out of it.
 *
 * The pipeline pauses and resumes the buffer, not the clients: they go on publishing while Kafka is down, for as long as there is room, and they are let in
 * before Kafka was ever reached. Who published a message is in the buffer with it, since its rules may run when the client is gone, or in another process.
 *
 * With a buffer on disk the sessions of clients are there too (listen/session-store.ts). Then what a message changes in sessions is on the disk before the message is, and
 * before it is acknowledged.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { BufferOptions } from '../buffer/options.ts';
import type { Outcome } from '../flow/outcome.ts';
import type { Intake, Route } from '../flow/source.ts';
import { type KeptSession, noMessage } from '../listen/kept-session.ts';
import { SessionStore } from '../listen/session-store.ts';
import type { Session } from '../listen/sessions.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { ListenerSource, type ListenerSourceEvents, type ListenerSourceOptions } from './listener.ts';
import { SourceBuffer, type SourceBufferEvents, type SourceBufferHandler } from './source-buffer.ts';

export interface BufferedListenerOptions extends ListenerSourceOptions {
  readonly buffer: BufferOptions;
}

export class BufferedListenerSource extends ListenerSource implements SourceBufferHandler {
  readonly #options: BufferedListenerOptions;
  readonly #events: ListenerSourceEvents & SourceBufferEvents;
  readonly #buffer: SourceBuffer;
  #store: SessionStore | undefined;
  #acknowledging = false;
  /** By arrival, what was received by QoS 2 in sessions that are kept, and is not acknowledged. */
  readonly #receipts = new Map<number, { readonly kept: KeptSession; readonly packetId: number }>();
  /** Whether what is safe now is so without being in the buffer. */
  #isElsewhere = false;
  #hand!: Intake;
  #closing: Promise<void> | undefined;

  constructor(options: BufferedListenerOptions, events: ListenerSourceEvents & SourceBufferEvents) {
    super(options, events);
    this.#options = options;
    this.#events = events;
    const before = () => this.#store?.saved() ?? Promise.resolve();
    this.#buffer = new SourceBuffer({ ...options.buffer, before }, this.account, events);
  }

  /** Undefined until it is open. */
  get buffer(): SourceBuffer['figures'] {
    const { figures } = this.#buffer;
    return figures && { ...figures, writable: figures.writable && !this.#store?.failing };
  }

  /** What is on a disk is acknowledged, whatever the pipeline does. */
  override get starved(): boolean {
    return !this.#buffer.onDisk && super.starved;
  }

  /** Takes messages from now on; they are handed over from `start` on. */
  async open(intake: Intake): Promise<void> {
    this.#hand = intake;
    this.attach(intake);
    await this.#buffer.open(this);
    await this.#openSessions();
    if (this.#closing === undefined && this.#buffer.isOpen) await this.listen();
  }

  override async start(): Promise<void> {
    if (this.#closing === undefined && this.#buffer.isOpen) this.#buffer.messages.resume();
  }

  override missing(): readonly string[] {
    const sessions = this.#store?.failing ? ['the sessions of its clients cannot be written'] : [];
    return [...super.missing(), ...this.#buffer.missing(), ...sessions];
  }

  override pause(): void {
    if (this.#buffer.isOpen) this.#buffer.messages.pause();
  }

  override resume(): void {
    if (this.#buffer.isOpen) this.#buffer.messages.resume();
  }

  override settle(number: number): void {
    this.#isElsewhere = true;
    this.#buffer.messages.settle(number);
    this.#isElsewhere = false;
  }

  override stop(): void {
    super.stop();
    this.#buffer.stop();
  }

  override close(limitMs: number): Promise<void> {
    this.#closing ??= this.#close(limitMs);
    return this.#closing;
  }

  // --- from clients

  protected override accept(message: MqttMessage, arrival: number, _routes: readonly Route[], session: Session): void {
    const { kept } = session;
    const { packetId } = message;
    if (message.qos === 2 && kept?.isKept) {
      kept.receipt(packetId, this.#buffer.messages.nextId);
      this.#receipts.set(arrival, { kept, packetId });
    }
    this.#isElsewhere = true;
    this.#buffer.messages.take(message, arrival);
    this.#isElsewhere = false;
  }

  protected override drop(message: MqttMessage, arrival: number, outcome: Outcome, session: Session): void {
    this.#buffer.count(outcome, 1);
    if (message.qos === 2) session.kept?.receipt(message.packetId, noMessage);
    this.safe(arrival);
  }

  protected override readEnd(): void {
    this.#buffer.messages.readEnd();
    this.acknowledge();
  }

  // --- from the buffer

  message(message: MqttMessage, number: number): void {
    const routes: readonly Route[] = this.routes.of(message.topic);
    if (routes.length === 0) this.#hand.drop(message, number, 'no_rule');
    else this.handOver(message, number, routes);
  }

  handedOver(): void {
    super.readEnd();
  }

  safe(arrival: number): void {
    if (this.#receipts.size > 0) this.#keepReceipt(arrival);
    if (this.#store?.pending) this.#store.whenSaved(() => this.#safeLater(arrival));
    else super.settle(arrival);
  }

  hold(): void {
    super.pause();
  }

  go(): void {
    super.resume();
  }

  /** Kafka had a message before the disk, or it was dropped: its receipt counts whether or not the buffer ever has it. */
  #keepReceipt(arrival: number): void {
    const receipt = this.#receipts.get(arrival);
    if (receipt === undefined) return;
    this.#receipts.delete(arrival);
    if (this.#isElsewhere) receipt.kept.receipt(receipt.packetId, noMessage);
  }

  /** Many are, at once. */
  #safeLater(arrival: number): void {
    super.settle(arrival);
    if (this.#acknowledging) return;
    this.#acknowledging = true;
    setImmediate(() => {
      this.#acknowledging = false;
      this.acknowledge();
    });
  }

  async #openSessions(): Promise<void> {
    const { buffer, sessions } = this.#options;
    const { store } = buffer;
    if (store === undefined || !this.#buffer.isOpen || this.#closing !== undefined) {
      sessions.keepIn(undefined);
      return;
    }
    const { listener } = this;
    await this.#events.untilDone(async () => {
      this.#store = await SessionStore.open({
        store,
        sessions,
        wills: listener.wills,
        newReceived: () => listener.newReceived(),
        wasWritten: id => this.#buffer.wasWritten(id),
        problem: error => this.#events.problem(error),
      });
    });
    listener.wills.keeper = this.#store;
    sessions.keepIn(this.#store);
  }

  /** Messages first, since what is acknowledged then changes sessions. */
  async #close(limitMs: number): Promise<void> {
    this.#options.sessions.keepIn(this.#store);
    await this.#buffer.close(limitMs / 3);
    await super.close(limitMs / 3);
    if (this.#store) await Promise.race([this.#store.close(), pause(limitMs / 3, undefined, { ref: false })]);
  }
}
