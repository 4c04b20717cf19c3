/**
 * Topics that templates name and that do not exist are made, if the document says with what (`kafka.topicDefaults`).
 *
 * One request is under way at a time, with many names: 10,000 devices that come at once are 100 requests. What Kafka says of a name decides.
 * It exists by now: good. The name is refused: its records fail. The *defaults* are refused: that is the document's fault and no record's, so
 * records wait and the log says what to change. The right is missing: somebody may be granting it, so records wait a while. Anything else is
 * retried. A name that failed is asked for again after a minute, with a record that wants it.
 */
import { createTopicsV5 } from '@platformatic/kafka';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { errorName } from '../../network/kafka/error-codes.ts';
import type { Cluster } from './cluster.ts';
import { isDenied } from './topic-error.ts';

/** What topics are made with. -1 is the cluster's own default. */
export interface TopicDefaults {
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
  /** How many topics may be made. */
  readonly maxTopics: number;
}

export interface TopicMakerListener {
  /** It will not be made. */
  refused(topic: string, error: MkbError): void;
  /** It is not made yet. @param reason as in "it waits for ...", undefined once it is made */
  waits(topic: string, reason: string | undefined): void;
  /** Something failed that is retried. */
  problem(error: MkbError): void;
}

const topicExists = 36;
const namesPerRequest = 100;
/** For how long a missing right is waited for, and for how long after that no other is. */
const deniedWaitMs = 10_000;
const deniedForMs = 60_000;
/** The longest pause after what only a person can change. */
const refusedPauseMs = 10_000;

/** Codes by which Kafka refuses a name: INVALID_TOPIC_EXCEPTION and POLICY_VIOLATION. */
const refusedNames = new Set([17, 44]);
/** Codes by which it refuses the defaults: INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT, INVALID_CONFIG. */
const refusedDefaults = new Set([37, 38, 39, 40]);

export class TopicMaker {
  /** How many there are that were made here. */
  made = 0;
  readonly #cluster: Cluster;
  readonly #defaults: TopicDefaults;
  readonly #listener: TopicMakerListener;
  readonly #now: () => number;
  /** Names, with the time since when a right is missing, if one is. What failed goes to the end. */
  readonly #wanted = new Map<string, number | undefined>();
  /** When a missing right was waited for in vain. */
  #deniedAt = Number.NEGATIVE_INFINITY;
  #asking = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(cluster: Cluster, defaults: TopicDefaults, listener: TopicMakerListener, now: () => number) {
    this.#cluster = cluster;
    this.#defaults = defaults;
    this.#listener = listener;
    this.#now = now;
  }

  /** Metadata does not know the topic, and records wait for it. */
  want(topic: string): void {
    if (this.#wanted.has(topic)) return;
    this.#wanted.set(topic, undefined);
    this.#askIn(0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #askIn(ms: number): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    this.#timer = setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    const left = this.#defaults.maxTopics - this.made;
    if (left <= 0) for (const name of [...this.#wanted.keys()]) this.#refuse(name, this.#exhausted(name));
    const names = [...this.#wanted.keys()].slice(0, Math.min(namesPerRequest, left));
    const failed = names.length > 0 && (await this.#make(names));
    this.#asking = false;
    this.#failures = failed ? this.#failures + 1 : 0;
    if (this.#wanted.size === 0) return;
    const { minDelayMs } = this.#cluster.retry;
    this.#askIn(failed ? backoffMs(this.#failures, minDelayMs, refusedPauseMs) : 0);
  }

  /** Returns whether any of them has to be asked for again. */
  async #make(names: readonly string[]): Promise<boolean> {
    const { partitions, replicas, config } = this.#defaults;
    const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
    const topics = names.map(name => ({
      name,
      numPartitions: partitions,
      replicationFactor: replicas,
      assignments: [],
      configs,
    }));
    try {
      const { api } = createTopicsV5;
      const answer = await this.#cluster.askController(
        'create topics',
        api,
        topics,
        this.#cluster.requestTimeoutMs,
        false,
      );
      if (this.#closed) return false;
      const codes = new Map(answer.topics.map(each => [each.name, each]));
      for (const name of names) {
        const { errorCode = -1, errorMessage } = codes.get(name) ?? {};
        this.#answered(name, errorCode, errorMessage ?? errorName(errorCode));
      }
    } catch (error) {
      if (!this.#closed) this.#listener.problem(asMkbError(error));
    }
    this.#cluster.refresh();
    return names.some(name => this.#wanted.has(name));
  }

  #answered(name: string, code: number, reason: string): void {
    if (code === 0 || code === topicExists) {
      if (code === 0) this.made++;
      this.#wanted.delete(name);
      this.#listener.waits(name, undefined);
    } else if (refusedNames.has(code)) this.#refuse(name, new MkbError('kafka-topic-refused', { topic: name, reason }));
    else if (isDenied(code)) this.#denied(name, reason);
    else this.#again(name, this.#problemOf(name, code, reason));
  }

  #problemOf(topic: string, code: number, reason: string): MkbError {
    if (refusedDefaults.has(code)) return new MkbError('kafka-topic-defaults-refused', { topic, reason });
    return new MkbError('kafka-request-failed', { what: `create topic ${topic}`, reason });
  }

  #denied(name: string, reason: string): void {
    const error = new MkbError('kafka-not-authorised', { what: `create topic ${name}`, reason });
    const now = this.#now();
    const since = this.#wanted.get(name) ?? now;
    if (now - since >= deniedWaitMs) this.#deniedAt = now;
    if (now - this.#deniedAt < deniedForMs) this.#refuse(name, error);
    else this.#again(name, error, since);
  }

  #again(name: string, error: MkbError, deniedSince?: number): void {
    this.#wanted.delete(name);
    this.#wanted.set(name, deniedSince);
    this.#listener.waits(name, error.message.replace(/\.$/, ''));
    this.#listener.problem(error);
  }

  #refuse(name: string, error: MkbError): void {
    this.#wanted.delete(name);
    this.#listener.refused(name, error);
  }

  #exhausted(topic: string): MkbError {
    return new MkbError('kafka-topics-exhausted', { topic, limit: this.#defaults.maxTopics });
  }
}
