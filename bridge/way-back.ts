/**
 * The way back, from Kafka to MQTT: consumer, rules, publisher, and a producer of its own for dead letters.
 *
 * It shares nothing with the other way but the process, so neither can hold the other up: MQTT clients, connections to Kafka and windows
 * are its own. It starts from the end, too: first MQTT and the dead letters, then the consumer.
 */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import type { MkbError } from '../api/errors.ts';
import { because } from './because.ts';
import type { Account } from './flow/account.ts';
import { type Made, RecordFlow } from './flow/records/record-flow.ts';
import type { RecordRule } from './flow/records/record-rule.ts';
import type { MissingSchema } from './flow/waiting.ts';
import { Consumer } from './kafka/consumer/consumer.ts';
import type { ConsumerOptions } from './kafka/consumer/options.ts';
import { Producer } from './kafka/producer.ts';
import type { ProducerOptions } from './kafka/producer-options.ts';
import type { Wait } from './kafka/waits.ts';
import { Publisher, type PublisherOptions } from './mqtt/publisher/publisher.ts';
import type { Logger } from './observe/log.ts';

/** What a way back is made of. */
export interface WayBackParts {
  readonly rules: readonly RecordRule[];
  readonly consumer: ConsumerOptions;
  readonly publisher: PublisherOptions;
  /** For dead letters. */
  readonly producer: ProducerOptions;
}

export interface WayBackEvents {
  /** Something failed for good. */
  failed(rule: string, error: MkbError): void;
  /** Something failed that is tried again. */
  problem(error: MkbError): void;
  /** It has stopped: a person has to change something. */
  stopped(error: MkbError): void;
  obtainSchema(missing: MissingSchema): Promise<boolean>;
  /** Repeats an action until it is done or the bridge is stopped. */
  untilDone(action: () => Promise<void>): Promise<void>;
}

export class WayBack {
  readonly rules: readonly RecordRule[];
  readonly account: Account;
  /** Connections to the MQTT server that were made. */
  connections = 0;
  readonly #events: WayBackEvents;
  readonly #flow: RecordFlow;
  readonly #consumer: Consumer;
  readonly #publisher: Publisher<Made>;
  readonly #producer: Producer | undefined;
  readonly #started = Promise.withResolvers<void>();
  /** Whether rules of this process read MQTT too: then nothing that is refused here ends it. */
  readonly #persistent: boolean;
  /** What only a person can change, and is tried again all the same. */
  readonly #refusals = new Map<'consumer' | 'publisher', MkbError>();
  #hasStarted = false;
  #stopping = false;

  constructor(document: MqttKafkaBridge, parts: WayBackParts, events: WayBackEvents, log: Logger) {
    const bridge = document.metadata.name;
    const deadLetterTopic = document.spec.delivery.onFailure.deadLetter?.topic;
    this.rules = parts.rules;
    this.#events = events;
    this.#persistent = parts.publisher.persistent ?? false;
    this.#started.promise.catch(() => undefined);
    const flow = new RecordFlow({
      rules: parts.rules,
      deadLetterTopic,
      maxRecords: parts.publisher.window,
      maxBytes: parts.producer.maxBytes,
      failed: (rule, error) => events.failed(rule, error),
      obtainSchema: missing => events.obtainSchema(missing),
    });
    this.#flow = flow;
    this.account = flow.account;
    this.#publisher = new Publisher(parts.publisher, {
      laneOf: ({ held }) => held.partition,
      published: (made, heard) => flow.published(made, heard),
      failed: (made, error) => flow.failed(made, error),
      settled: () => flow.settled(),
      connected: url => {
        this.connections++;
        log.info({ bridge, url, clientId: parts.publisher.clientId }, 'the publisher is connected to MQTT');
        this.#checkStarted();
      },
      disconnected: error => this.#publisherRefused(error),
      problem: error => events.problem(error),
      stopped: error => this.#fail(error),
    });
    this.#consumer = new Consumer(parts.consumer, {
      record: (partition, record, taken) => flow.record(partition, record, taken),
      readEnd: () => flow.readEnd(),
      room: () => flow.room(),
      takenAway: partitions => flow.takenAway(partitions),
      assigned: partitions => {
        const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`);
        log.info({ bridge, group: parts.consumer.groupId, partitions: names }, 'partitions to read');
        this.#checkStarted();
      },
      problem: error => events.problem(error),
      refused: error => this.#refused('consumer', error),
    });
    if (deadLetterTopic !== undefined) this.#producer = this.#letterProducer(parts.producer);
    flow.use(this.#publisher, this.#producer);
  }

  get publisherConnected(): boolean {
    return this.#publisher.connected;
  }

  get kafkaConnected(): boolean {
    return this.#consumer.cluster.connected;
  }

  /** Topics that dead letters wait for. */
  get waits(): Wait[] {
    return this.#producer?.waits ?? [];
  }

  /** Partitions that the group has given us. */
  get partitions(): number {
    return this.#consumer.partitions.length;
  }

  get joined(): boolean {
    return this.#consumer.joined;
  }

  get tracesOmitted(): number {
    return this.rules.reduce((sum, { sinks }) => sinks.reduce((all, each) => all + each.sink.tracesOmitted, sum), 0);
  }

  /** Partitions that are ours and cannot be read now. */
  get partitionsHeld(): number {
    return this.#held.length;
  }

  get #held() {
    return this.#consumer.partitions.filter(({ trouble }) => trouble !== undefined);
  }

  /** Why it cannot move records now; empty when it can. */
  missing(): string[] {
    const missing: string[] = [];
    if (!this.publisherConnected)
      missing.push(`the publisher is not connected to MQTT${because(this.#refusals.get('publisher'))}`);
    if (!this.joined) missing.push(`the consumer is not in its group${because(this.#refusals.get('consumer'))}`);
    else if (!this.#consumer.begun && this.#refusals.has('consumer'))
      missing.push(`the consumer does not know its offsets${because(this.#refusals.get('consumer'))}`);
    const [held] = this.#held;
    if (held) missing.push(`${this.#held.length} of its partitions cannot be read (${held.trouble!.message})`);
    return missing;
  }

  /** Connects to both sides and returns when records can flow. Waits for brokers that are away; throws what no waiting mends. */
  async start(): Promise<void> {
    if (this.#producer) await this.#events.untilDone(() => this.#producer!.start());
    await this.#events.untilDone(() => this.#consumer.connect());
    if (this.#stopping) return;
    this.#publisher.start();
    this.#consumer.start();
    await this.#started.promise;
  }

  /** Reads nothing more, gives what is in flight `timeoutMs`, commits, leaves the group and closes. */
  async stop(timeoutMs: number, partingMs: number): Promise<void> {
    this.#stopping = true;
    await this.#consumer.stop(timeoutMs);
    await this.#publisher.close(partingMs);
    this.#producer?.close();
    this.#started.resolve();
  }

  /** Closes at once what is open still: the time of `stop` is over. */
  cut(): void {
    this.#consumer.close();
    void this.#publisher.close(0);
    this.#producer?.close();
    this.#started.resolve();
  }

  #checkStarted(): void {
    if (!this.publisherConnected || !this.joined) return;
    this.#hasStarted = true;
    this.#started.resolve();
  }

  /** What only a person can change, by what it is refused to. */
  get refusals(): (readonly [refusedTo: 'consumer' | 'publisher', error: MkbError])[] {
    return [...this.#refusals].filter(([to]) => (to === 'publisher' ? !this.publisherConnected : !this.#reads));
  }

  get #reads(): boolean {
    return this.joined && this.#consumer.begun;
  }

  #publisherRefused(error: MkbError): void {
    if (error.kind === 'permanent') this.#refused('publisher', error);
    else this.#events.problem(error);
  }

  /** It ends the bridge only if nothing else goes on in it, and this never did. */
  #refused(part: 'consumer' | 'publisher', error: MkbError): void {
    this.#refusals.set(part, error);
    if (this.#persistent || this.#hasStarted) this.#events.problem(error);
    else this.#fail(error);
  }

  #fail(error: MkbError): void {
    this.#started.reject(error);
    this.#events.stopped(error);
  }

  #letterProducer(options: ProducerOptions): Producer {
    return new Producer(options, {
      delivered: tokens => this.#flow.lettersDelivered(tokens),
      failed: (token, record, error) => this.#flow.letterFailed(token, record, error),
      settled: () => this.#flow.settled(),
      problem: error => this.#events.problem(error),
    });
  }
}
