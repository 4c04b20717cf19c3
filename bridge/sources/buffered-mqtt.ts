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
import type { BufferOptions } from '../buffer/options.ts';
import type { Intake } from '../flow/source.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { MqttSource, type MqttSourceEvents, type MqttSourceOptions } from './mqtt.ts';
import { SourceBuffer, type SourceBufferEvents, type SourceBufferHandler } from './source-buffer.ts';

export interface BufferedMqttOptions extends MqttSourceOptions {
  readonly buffer: BufferOptions;
}

export type BufferedMqttEvents = MqttSourceEvents & SourceBufferEvents;

export class BufferedMqttSource extends MqttSource implements SourceBufferHandler {
  readonly #options: BufferedMqttOptions;
  readonly #buffer: SourceBuffer;
  #hand!: Intake;
  #closing: Promise<void> | undefined;

  constructor(options: BufferedMqttOptions, events: BufferedMqttEvents) {
    super(options, events);
    this.#options = options;
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
    const { session, rules } = this.#options;
    const filters = rules.map(rule => rule.filters.map(({ filter }) => filter));
    const plan = createHash('sha256')
      .update(JSON.stringify([session.subscriptions, filters]))
      .digest('hex');
    await this.#buffer.open(this, plan);
    this.attach(this.#hand);
    if (this.#closing === undefined && this.#buffer.isOpen) this.session.start();
  }

  override async start(intake: Intake): Promise<void> {
    if (!this.#buffer.isOpen || this.#closing !== undefined) return;
    this.#buffer.messages.resume();
    await super.start(intake);
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

  // --- from the session

  override take(message: MqttMessage, arrival: number): void {
    const { topic, unwanted } = message;
    const isWanted = this.routes.for(topic, message.named).length > 0;
    const outcome = unwanted ?? (isWanted ? undefined : this.whyNoRule(topic));
    if (outcome === undefined) {
      this.#buffer.messages.take(message, arrival);
      return;
    }
    this.#buffer.count(outcome, 1);
    this.session.settle(arrival);
  }

  protected override readEnd(): void {
    this.#buffer.messages.readEnd();
    this.session.acknowledge();
  }

  // --- from the buffer

  message(message: MqttMessage, number: number): void {
    const isOlder = message.arrival < this.#buffer.planFrom;
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

  async #close(limitMs: number): Promise<void> {
    await this.#buffer.close(limitMs / 2);
    await super.close(limitMs / 2);
  }
}
