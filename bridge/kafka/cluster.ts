/**
 * What we know of a Kafka cluster: its brokers, who leads which partition, and a link to each broker that we talk to.
 *
 * Knowledge grows old and is asked for again: every `metadataMaxAgeMs`, and at once when an answer shows that it is wrong. Any number
 * of calls of `refresh` make one request, and one more if they come while it is under way. Requests that follow each other, because what
 * is missing goes on missing, come with backoff: the first soon, later ones once in `retry.maxDelayMs`. So do those that fail.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type API, createTopicsV5, findCoordinatorV3, initProducerIdV2, metadataV9 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { failureText } from '../../network/connect-failure.ts';
import { explain } from '../../network/kafka/diagnosis.ts';
import { errorName, reactionTo, refuses } from '../../network/kafka/error-codes.ts';
import { responseOf } from '../../network/kafka/response-error.ts';
import { Connections } from './connections.ts';
import type { Link, LinkOptions } from './link.ts';
import type { ProducerIdentity } from './record-batch.ts';

export interface ClusterOptions extends LinkOptions {
  /** `host:port` of brokers to ask first. */
  readonly bootstrapServers: readonly string[];
  /** How old metadata may become, milliseconds. New partitions are noticed by then. */
  readonly metadataMaxAgeMs: number;
  readonly requestTimeoutMs: number;
}

/** A topic to be created when it is missing. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

/** What metadata says of a topic. */
export interface TopicMetadata {
  /** Leader's node id by partition; -1 where there is none. Empty when the topic has an error. */
  readonly leaders: readonly number[];
  /** Node ids of its replicas in sync, by partition, the leader among them. */
  readonly replicas: readonly (readonly number[])[];
  /** 0, or the protocol's error code, e.g. 3 UNKNOWN_TOPIC_OR_PARTITION. */
  readonly errorCode: number;
}

export interface ClusterListener {
  /** A link came up, broke, or failed to come up. */
  linkChanged(): void;
  /** Metadata was read. */
  metadataRead(): void;
  /** Something failed that is tried again by itself. */
  problem(error: MkbError): void;
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #listener: ClusterListener;
  readonly #connections: Connections;
  readonly #topics = new Map<string, TopicMetadata | undefined>();
  /** When Kafka answered last to a request for metadata, performance.now(). */
  answeredAt = Number.NEGATIVE_INFINITY;
  #controller = -1;
  /** Failures of links, each of which is reported once. */
  readonly #reported = new WeakSet<MkbError>();
  #refreshing = false;
  #refreshAgain = false;
  /** No refresh before this time, however many ask for one. */
  #refreshAllowedAt = 0;
  /** Refreshes that followed each other, failed ones among them, for the backoff. */
  #refreshStreak = 0;
  /** When the next refresh is due; Infinity while none is. */
  #refreshAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ClusterOptions, listener: ClusterListener) {
    this.#options = options;
    this.#listener = listener;
    this.#connections = new Connections(options.bootstrapServers, options, link => this.#linkChanged(link));
  }

  /** Reads metadata for the first time. Throws what no waiting mends (login, TLS, authorisation) or `kafka-unreachable`; call again to retry. */
  async connect(): Promise<void> {
    await this.#readMetadata().catch(async error => {
      const { bootstrapServers, connection, login } = this.#options;
      throw await explain(error, bootstrapServers, (await login?.()) ?? connection);
    });
    this.#refreshIn(this.#options.metadataMaxAgeMs);
  }

  /** Whether at least one broker that leads a partition is connected. */
  get connected(): boolean {
    return this.#connections.any !== undefined;
  }

  /** The link to a broker; undefined for one that metadata does not know (yet). */
  broker(nodeId: number): Link | undefined {
    return this.#connections.broker(nodeId);
  }

  /** What is known of a topic; undefined until metadata that names it was read. Asking makes later metadata include it. */
  topic(name: string): TopicMetadata | undefined {
    if (!this.#topics.has(name)) {
      this.#topics.set(name, undefined);
      this.refresh();
    }
    return this.#topics.get(name);
  }

  /** A topic that nobody writes to any more: later metadata leaves it out. */
  forget(name: string): void {
    this.#topics.delete(name);
  }

  /** Asks for metadata soon. */
  refresh(): void {
    if (this.#refreshing) {
      this.#refreshAgain = true;
      return;
    }
    const pauseMs = this.#refreshAllowedAt - performance.now();
    // Long quiet: whatever is wrong now is something new.
    if (pauseMs < -this.#options.retry.maxDelayMs) this.#refreshStreak = 0;
    this.#refreshIn(Math.max(0, pauseMs));
  }

  /** Creates the topics that do not exist. Those that do are left as they are. */
  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    const missing: TopicSpec[] = [];
    await this.#readMetadata(specs.map(spec => spec.name));
    for (const spec of specs) if (this.#topics.get(spec.name)?.errorCode !== 0) missing.push(spec);
    if (missing.length === 0) return;
    const topics = missing.map(spec => ({
      name: spec.name,
      numPartitions: spec.partitions,
      replicationFactor: spec.replicas,
      assignments: [],
      configs: Object.entries(spec.config).map(([name, value]) => ({ name, value })),
    }));
    const connection = await (this.#connections.broker(this.#controller)?.ready() ?? this.#connections.ready());
    const answer = await responseOf(
      createTopicsV5.api.async(connection, topics, this.#options.requestTimeoutMs, false),
    );
    for (const { name, errorCode, errorMessage } of answer.topics) {
      if (errorCode === 0 || errorCode === topicExists) continue;
      const reason = errorMessage ?? errorName(errorCode);
      if (isDenied(errorCode)) throw new MkbError('kafka-not-authorised', { what: `create topic ${name}`, reason });
      if (refuses(errorCode, 'topic')) throw new MkbError('kafka-topic-not-created', { topic: name, reason });
      throw new MkbError('kafka-request-failed', { what: `create topic ${name}`, reason });
    }
    this.refresh();
  }

  /** Throws `kafka-unknown-topic` (or why else it cannot be used) for a topic that is missing, after giving a new one time to be known. */
  async requireTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    for (let answers = 1; ; answers++) {
      await this.#readMetadata(names);
      const errors = names.map(name => topicError(name, this.#topics.get(name)?.errorCode ?? 0)).filter(Boolean);
      if (errors.length === 0) return;
      if (answers >= unknownAnswers) throw errors[0];
      await pause(this.#options.retry.minDelayMs * answers);
    }
  }

  /** A new producer id with epoch 0, for idempotence (KIP-98). */
  async newProducerIdentity(): Promise<ProducerIdentity> {
    const answer = await this.#request('give a producer id', initProducerIdV2.api, null, 60_000);
    if (isDenied(answer.errorCode))
      throw new MkbError('kafka-not-authorised', { what: 'write idempotently', reason: errorName(answer.errorCode) });
    if (answer.errorCode !== 0)
      throw new MkbError('kafka-request-failed', { what: 'give a producer id', reason: errorName(answer.errorCode) });
    return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
  }

  /** Where the coordinator of a consumer group is. Throws `kafka-request-failed` while there is none, or `kafka-not-authorised`. */
  async coordinatorOf(group: string): Promise<{ readonly host: string; readonly port: number }> {
    const what = `tell the coordinator of the group ${group}`;
    const { coordinators } = await this.#request(what, findCoordinatorV3.api, groupKey, [group]);
    const [{ errorCode, host, port } = { errorCode: -1, host: '', port: 0 }] = coordinators;
    if (isDenied(errorCode))
      throw new MkbError('kafka-not-authorised', { what: `read as group ${group}`, reason: errorName(errorCode) });
    if (errorCode !== 0) throw new MkbError('kafka-request-failed', { what, reason: errorName(errorCode) });
    return { host, port };
  }

  /** Closes all connections; nothing is retried any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connections.close();
  }

  async #refreshOnce(): Promise<void> {
    const { minDelayMs, maxDelayMs } = this.#options.retry;
    this.#refreshing = true;
    this.#refreshAgain = false;
    this.#refreshAt = Number.POSITIVE_INFINITY;
    try {
      await this.#readMetadata();
    } catch (error) {
      this.#refreshAgain = true;
      // The failure of a link was reported when it failed.
      if (!this.#closed && !this.#reported.has(error as MkbError)) this.#listener.problem(error as MkbError);
    }
    this.#refreshing = false;
    const pauseMs = backoffMs(this.#refreshStreak++, minDelayMs, maxDelayMs);
    this.#refreshAllowedAt = performance.now() + pauseMs;
    this.#refreshIn(this.#refreshAgain ? pauseMs : this.#options.metadataMaxAgeMs);
  }

  /** Sees to it that metadata is read in `pauseMs`, if it is not to be read before that anyway. */
  #refreshIn(pauseMs: number): void {
    const at = performance.now() + pauseMs;
    if (this.#closed || at >= this.#refreshAt) return;
    this.#refreshAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refreshOnce(), pauseMs);
  }

  async #readMetadata(more: readonly string[] = []): Promise<void> {
    for (const name of more) if (!this.#topics.has(name)) this.#topics.set(name, undefined);
    this.#learn(await this.#request('give metadata', metadataV9.api, [...this.#topics.keys()], false));
    if (!this.#closed) this.#listener.metadataRead();
  }

  #learn(metadata: metadataV9.MetadataResponse): void {
    this.answeredAt = performance.now();
    this.#controller = metadata.controllerId;
    this.#connections.learn(metadata.brokers);
    for (const topic of metadata.topics) {
      const leaders: number[] = [];
      const replicas: number[][] = [];
      for (const { partitionIndex, leaderId, isrNodes } of topic.partitions) {
        leaders[partitionIndex] = leaderId;
        replicas[partitionIndex] = isrNodes;
      }
      this.#topics.set(topic.name, {
        leaders,
        replicas,
        errorCode: leaders.length > 0 ? 0 : topic.errorCode || noLeader,
      });
    }
  }

  #linkChanged({ lastError }: Link): void {
    if (this.#closed) return;
    if (lastError) {
      this.#reported.add(lastError);
      this.#listener.problem(lastError);
    }
    // With no connection left nothing else would notice that Kafka is back.
    if (!this.connected) this.refresh();
    this.#listener.linkChanged();
  }

  async #request<Arguments extends unknown[], Answer>(
    what: string,
    api: API<Arguments, Answer>,
    ...args: Arguments
  ): Promise<Answer> {
    const connection = await this.#connections.ready();
    try {
      return await responseOf(api.async(connection, ...args));
    } catch (cause) {
      if (MkbError.is(cause)) throw cause;
      throw new MkbError('kafka-request-failed', { what, reason: failureText(cause) }, { cause });
    }
  }
}

/** How often metadata may say that a topic is unknown before we believe it: a new topic takes a moment to be known to every broker. */
export const unknownAnswers = 4;

export const unknownTopic = 3;
/** LEADER_NOT_AVAILABLE: what a topic without partitions has, although nobody said so. */
const noLeader = 5;
/** FindCoordinator's kind of key: a consumer group. */
const groupKey = 0;
const invalidTopic = 17;

/** What metadata's error code says of a topic for good; undefined for one that will pass. */
export function topicError(topic: string, errorCode: number): MkbError | undefined {
  if (errorCode === unknownTopic) return new MkbError('kafka-unknown-topic', { topic });
  if (errorCode === invalidTopic) return new MkbError('kafka-invalid-topic', { topic });
  if (isDenied(errorCode))
    return new MkbError('kafka-not-authorised', { what: `use topic ${topic}`, reason: errorName(errorCode) });
  return undefined;
}

/** Whether a person has to grant a right first. */
export const isDenied = (errorCode: number): boolean => reactionTo(errorCode) === 'denied';

const topicExists = 36;
