/**
 * MQTT clients as a source with a buffer before the pipeline: what clients publish goes into the buffer, and what the pipeline gets comes out of it.
 *
 * The pipeline pauses and resumes the buffer, not the clients: they go on publishing while Kafka is down, for as long as there is room, and they are let in
 * before Kafka was ever reached. Who published a message is in the buffer with it, since its rules may run when the client is gone, or in another process.
 */
import type { BufferOptions } from '../buffer/options.ts';
import type { Outcome } from '../flow/outcome.ts';
import type { Intake, Route } from '../flow/source.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { ListenerSource, type ListenerSourceEvents, type ListenerSourceOptions } from './listener.ts';
import { SourceBuffer, type SourceBufferEvents, type SourceBufferHandler } from './source-buffer.ts';

export interface BufferedListenerOptions extends ListenerSourceOptions {
  readonly buffer: BufferOptions;
}

export class BufferedListenerSource extends ListenerSource implements SourceBufferHandler {
  readonly #buffer: SourceBuffer;
  #hand!: Intake;
  #closing: Promise<void> | undefined;

  constructor(options: BufferedListenerOptions, events: ListenerSourceEvents & SourceBufferEvents) {
    super(options, events);
    this.#buffer = new SourceBuffer(options.buffer, this.account, events);
  }

  /** Undefined until it is open. */
  get buffer(): SourceBuffer['figures'] {
    return this.#buffer.figures;
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
    if (this.#closing === undefined && this.#buffer.isOpen) await this.listen();
  }

  override async start(): Promise<void> {
    if (this.#closing === undefined && this.#buffer.isOpen) this.#buffer.messages.resume();
  }

  override missing(): readonly string[] {
    return [...super.missing(), ...this.#buffer.missing()];
  }

  override pause(): void {
    if (this.#buffer.isOpen) this.#buffer.messages.pause();
  }

  override resume(): void {
    if (this.#buffer.isOpen) this.#buffer.messages.resume();
  }

  override settle(number: number): void {
    this.#buffer.messages.settle(number);
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

  protected override accept(message: MqttMessage, arrival: number): void {
    this.#buffer.messages.take(message, arrival);
  }

  protected override drop(_message: MqttMessage, arrival: number, outcome: Outcome): void {
    this.#buffer.count(outcome, 1);
    super.settle(arrival);
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
    super.settle(arrival);
  }

  hold(): void {
    super.pause();
  }

  go(): void {
    super.resume();
  }

  async #close(limitMs: number): Promise<void> {
    await this.#buffer.close(limitMs / 2);
    await super.close(limitMs / 2);
  }
}
