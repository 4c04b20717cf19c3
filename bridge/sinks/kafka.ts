/** The Kafka sink: one producer, for the records of all rules and for dead letters. */
import { randomBytes } from 'node:crypto';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import type { MkbError } from '../../api/errors.ts';
import type { KafkaTopic } from '../../api/schema/kafka.ts';
import { backoffMs } from '../../network/backoff.ts';
import type { Rule } from '../../rules/rule.ts';
import type { LetterBox } from '../flow/letters.ts';
import type { Sink, SinkHandler } from '../flow/sink.ts';
import { addPartitions } from '../kafka/more-partitions.ts';
import { Producer } from '../kafka/producer.ts';
import type { ProducerOptions, ProducerTuning } from '../kafka/producer-options.ts';
import { draft } from '../kafka/record.ts';
import { createTopics, requireTopics } from '../kafka/topic-admin.ts';
import type { TransactionOffsets } from '../kafka/transaction.ts';
import type { Wait } from '../kafka/waits.ts';
import { type KafkaSinkDocument, KafkaWriter } from './kafka-writer.ts';

export interface KafkaSinkOptions {
  /** Who the bridge is to its brokers. */
  readonly bridge: string;
  readonly producer: ProducerOptions;
  /** Topics that are made if they do not exist. */
  readonly topics: readonly KafkaTopic[];
  readonly deadLetterTopic: string | undefined;
}

export interface KafkaSinkEvents {
  /** A connection to a broker came up, broke, or failed to come up. */
  linkChanged(): void;
  /** Something failed that is retried. */
  problem(error: MkbError): void;
  /** The transaction will not be committed: call `abort`. */
  doomed?(error: MkbError): void;
  /** A rule's sink can be written, but something is probably wrong with it. */
  noticed(rule: string, warning: MkbError): void;
  /** Repeats an action until it is done, or the bridge stops. */
  untilDone(action: () => Promise<void>): Promise<void>;
}

/** Between two attempts to add partitions, milliseconds. */
const minRetryMs = 1000;
const maxRetryMs = 300_000;

/** Of a record of `keep`. No message has it. */
const keepToken = -1;

export class KafkaSink implements Sink {
  readonly #options: KafkaSinkOptions;
  readonly #events: KafkaSinkEvents;
  readonly #reached = Promise.withResolvers<void>();
  readonly #producer: Producer;
  readonly #instance = randomBytes(4).toString('hex');
  #constantTopics: Set<string> = new Set();
  #topics: readonly KafkaTopic[];
  /** May change while the producer works. */
  readonly #tuning: { -readonly [option in keyof ProducerTuning]: ProducerTuning[option] };
  #handler!: SinkHandler;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  /** Tokens of records that Kafka has, in a transaction that is not committed. */
  #written: number[] = [];
  #keeping = 0;

  constructor(options: KafkaSinkOptions, events: KafkaSinkEvents) {
    this.#options = options;
    this.#events = events;
    this.#topics = options.topics;
    const producer = { ...options.producer };
    this.#tuning = producer;
    this.#producer = new Producer(producer, {
      delivered: options.producer.transaction
        ? tokens => {
            for (const token of tokens)
              if (token === keepToken) this.#keeping--;
              else this.#written.push(token);
          }
        : tokens => this.#handler.delivered(tokens),
      failed: (token, record, error) => {
        if (token !== keepToken) this.#handler.failed(token, error, record);
        else events.doomed?.(error);
      },
      retryOf: token => this.#handler.retryOf(token),
      receivedAt: token => this.#handler.receivedAt(token),
      settled: () => this.#handler.settled(),
      linkChanged: () => events.linkChanged(),
      problem: error => events.problem(error),
      doomed: error => events.doomed?.(error),
    });
    for (const { name } of options.topics) this.#producer.topic(name, true);
  }

  /** Who hears what became of tokens. Call once, before the first row. */
  use(handler: SinkHandler): void {
    this.#handler = handler;
  }

  /** `full` counts what is held elsewhere as well. @param bytes of it now */
  countAlso(bytes: () => number): void {
    this.#producer.alsoHeld = bytes;
  }

  /** The sink of a rule. Throws as `KafkaWriter`. */
  bind(document: KafkaSinkDocument, name: string, rule: Rule): KafkaWriter {
    const noticed = (warning: MkbError) => this.#events.noticed(name, warning);
    const provenance = { bridge: this.#options.bridge, rule: name, instance: this.#instance };
    const writer = new KafkaWriter(document, rule, this.#producer, noticed, provenance);
    if (writer.constantTopic !== undefined) this.#constantTopics.add(writer.constantTopic);
    return writer;
  }

  /** Batches that are sent from now on are made with these. */
  tune({ compression, lingerMs, shortestAgeMs }: ProducerTuning): void {
    Object.assign(this.#tuning, { compression, lingerMs, shortestAgeMs });
  }

  /**
   * Makes the topics of a document that are missing, and sees whether others exist that its rules write to. Throws as `start`, but waits for
   * nothing.
   */
  async seeTo(topics: readonly KafkaTopic[], names: readonly string[]): Promise<void> {
    const { cluster } = this.#producer;
    await createTopics(cluster, topics);
    await requireTopics(cluster, names);
  }

  /** The document names these topics, and no others. @param topics to be made; the same list as before for no others */
  nameOnly(topics: readonly KafkaTopic[], names: Iterable<string>): void {
    const before = [...this.namedTopics, ...this.#topics.map(({ name }) => name)];
    const changed = topics !== this.#topics;
    this.#topics = topics;
    this.#constantTopics = new Set(names);
    const named = new Set([...this.namedTopics, ...topics.map(({ name }) => name)]);
    for (const name of before) this.#producer.topic(name).named = named.has(name);
    for (const name of named) this.#producer.topic(name, true);
    if (!changed) return;
    clearTimeout(this.#retry);
    void this.#addPartitions();
  }

  /** Undefined without a topic for dead letters. */
  get letterBox(): LetterBox | undefined {
    const { deadLetterTopic } = this.#options;
    return deadLetterTopic === undefined ? undefined : this.box(deadLetterTopic);
  }

  /** For what is no rule's. The topic must exist, as all that the document names. */
  box(name: string): LetterBox {
    const topic = this.#producer.topic(name, true);
    const producer = this.#producer;
    this.#constantTopics.add(name);
    return {
      get full() {
        return producer.full;
      },
      get hasRoom() {
        return producer.hasRoom;
      },
      write: (letter, token) => this.#producer.append(topic, letter, token),
      waiting: isOf => this.waiting(isOf),
      readEnd: () => this.#producer.readEnd(),
    };
  }

  /** As `start` makes them. */
  get topics(): readonly KafkaTopic[] {
    return this.#topics;
  }

  /** Topics that the document names: rules write to them, or dead letters go there. */
  get namedTopics(): readonly string[] {
    const { deadLetterTopic } = this.#options;
    return [...new Set([...this.#constantTopics, ...(deadLetterTopic === undefined ? [] : [deadLetterTopic])])];
  }

  get connected(): boolean {
    return this.#producer.cluster.connected;
  }

  /** Leaders of named topics, or of topics that records wait for, that cannot be reached. With no broker connected there are none to tell apart. */
  get unreachable(): Producer['unreachable'] {
    return this.connected ? this.#producer.unreachable : [];
  }

  /** Topics that records wait for, the one that has waited longest first. */
  get waits(): Wait[] {
    return this.#producer.waits;
  }

  /** Topics that were made because they were missing. */
  get topicsMade(): number {
    return this.#producer.topicsMade;
  }

  get bufferedBytes(): number {
    return this.#producer.bufferedBytes;
  }

  get full(): boolean {
    return this.#producer.full;
  }

  get hasRoom(): boolean {
    return this.#producer.hasRoom;
  }

  readEnd(): void {
    this.#producer.readEnd();
  }

  sendNow(): void {
    this.#producer.sendNow();
  }

  flush(): void {
    this.#producer.flush();
  }

  withdraw(): void {
    // What was sent comes back, and what was not is sent: Kafka's batches are not taken apart.
  }

  waiting(isOf: (token: number) => boolean): string | undefined {
    const topic = this.#producer.waiting(isOf);
    return topic && (this.connected ? `Kafka: ${topic}` : 'Kafka, which is not connected');
  }

  // --- transactions

  /** Writes a record into the transaction that is no message's. Call `sendNow` after it. */
  keep(topic: string, key: Buffer, value: Buffer): void {
    this.#keeping++;
    this.#constantTopics.add(topic);
    const record = draft({ key, value, timestamp: Date.now(), partition: 0 });
    this.#producer.append(this.#producer.topic(topic, true), record, keepToken);
  }

  /** Records of `keep` that Kafka does not have yet. */
  get keeping(): number {
    return this.#keeping;
  }

  /** So many tokens come back with `commit`. */
  get written(): number {
    return this.#written.length;
  }

  /** Commits what is written, with offsets if there are any. Throws why that cannot be; then `abort`. */
  async commit(offsets?: TransactionOffsets): Promise<void> {
    await this.#producer.transaction!.commit(offsets);
  }

  /** Gives the tokens back of what is committed. */
  committed(): void {
    const tokens = this.#written;
    this.#written = [];
    this.#handler.delivered(tokens);
    this.#handler.settled();
  }

  /** Ends the transaction without its records, whose messages nobody wants any more. Throws `kafka-producer-fenced`. */
  async abort(): Promise<void> {
    const held = await this.#producer.abort();
    const written = this.#written;
    this.#written = [];
    this.#keeping = 0;
    for (const tokens of [written, held])
      for (const token of tokens) if (token !== keepToken) this.#handler.dropped(token);
    this.#handler.settled();
  }

  /** Connects, and sees to no topics. Throws as `Producer.start`. */
  async connect(): Promise<void> {
    await this.#producer.start();
  }

  /** Settles when Kafka was reached for the first time. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Every topic that the document names must exist: a typing error is found now and not by its dead letters. */
  async start(): Promise<void> {
    const topics = this.#topics;
    const { cluster } = this.#producer;
    await this.#events.untilDone(() => this.connect()).then(this.#reached.resolve, this.#reached.reject);
    await this.reached;
    await this.#events.untilDone(() => createTopics(cluster, topics));
    await this.#addPartitions();
    await this.#events.untilDone(() => requireTopics(cluster, this.namedTopics));
    await this.#producer.reachLeaders();
  }

  /** What has fewer partitions than the document says holds nothing up: it is retried while messages flow. */
  async #addPartitions(attempt = 0): Promise<void> {
    try {
      await addPartitions(this.#producer.cluster, this.#topics);
    } catch (error) {
      if (this.#closed) return;
      this.#events.problem(asMkbError(error));
      const ms = backoffMs(attempt, minRetryMs, maxRetryMs);
      this.#retry = setTimeout(() => void this.#addPartitions(attempt + 1), ms);
    }
  }

  missing(): readonly string[] {
    return this.connected ? [] : ['Kafka is not connected'];
  }

  async close(_limitMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#producer.close();
  }
}
