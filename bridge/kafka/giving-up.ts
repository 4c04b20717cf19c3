/**
 * Which records are given up that failures held up which may pass (`delivery.retry`, and `retry` of a sink).
 *
 * Each record has the limits of its own sink, though it shares batches with others: those stay where they are. Limits are looked at when
 * Kafka refuses a batch and once a second, so that no record needs a timer.
 *
 * Giving up is for a topic that stays behind while the rest of Kafka works. Nothing is given up unless the dead-letter topic takes records,
 * and for its age only while Kafka answers: during an outage of all of it dead letters would wait as well, and afterwards what waited is
 * delivered. Records of the dead-letter topic itself are never given up.
 */
import { MkbError } from '../../api/errors.ts';
import { limitOver } from '../../network/retry.ts';
import type { Cluster } from './cluster.ts';
import type { FinalFailures } from './final-failures.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';
import type { ProducerHandler, ProducerOptions } from './producer-options.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';
import { obstacle } from './waits.ts';

/** Kafka works when it has answered for so long without a longer silence: by then each link and lane has made its pause, and had its next attempt. */
const provenMs = 8000;
const silenceMs = 4000;
/** Records given up at a time, more or less. A dead letter is larger than its record, and others want their turn. */
const mostAtOnce = 10_000;

interface Tried {
  readonly since: number;
  readonly refusals: number;
}

export class GivingUp {
  readonly #options: ProducerOptions;
  readonly #handler: ProducerHandler;
  readonly #cluster: Cluster;
  readonly #topics: Topics;
  readonly #failures: FinalFailures;
  readonly #now: () => number;
  readonly #gaveUp: () => void;
  /** Since when Kafka answers. */
  #answersSince = Number.POSITIVE_INFINITY;

  /** @param gaveUp called when `look` gave records up, which may have become dead letters */
  constructor(
    options: ProducerOptions,
    handler: ProducerHandler,
    parts: { readonly cluster: Cluster; readonly topics: Topics; readonly failures: FinalFailures },
    now: () => number,
    gaveUp: () => void,
  ) {
    this.#options = options;
    this.#handler = handler;
    this.#cluster = parts.cluster;
    this.#topics = parts.topics;
    this.#failures = parts.failures;
    this.#now = now;
    this.#gaveUp = gaveUp;
  }

  /**
   * Kafka refused the lane's head for now. Records that were refused often enough fail. The partition refuses, and not a record, so it counts for all
   * that wait: otherwise those behind one that is retried for ever would be, too.
   */
  refused(lane: Lane, reason: string): void {
    if (!this.#limited) return;
    lane.refused();
    if (this.#mayGiveUp(lane.topic)) this.#giveUpOf(lane, mostAtOnce, reason, false);
  }

  /** Nothing waits. */
  idle(): void {
    this.#answersSince = Number.POSITIVE_INFINITY;
  }

  /** To be called once a second while records wait, after metadata was asked for again. */
  look(): void {
    if (!this.#limited) return;
    const now = this.#now();
    const aged = this.#works(now);
    let left = mostAtOnce;
    for (const topic of this.#topics.all()) {
      if (!topic.awaited) continue;
      if (this.#answered) topic.refused();
      this.#divide(topic, now);
      if (left > 0 && this.#mayGiveUp(topic.name)) left -= this.#giveUp(topic, left, aged);
    }
    if (left < mostAtOnce) this.#gaveUp();
  }

  get #limited(): boolean {
    return this.#options.shortestAgeMs !== undefined;
  }

  get #answered(): boolean {
    return performance.now() - this.#cluster.answeredAt <= silenceMs;
  }

  /** Whether Kafka has worked for long enough that what waits still waits for its topic alone. */
  #works(now: number): boolean {
    this.#answersSince = this.#answered ? Math.min(this.#answersSince, now) : Number.POSITIVE_INFINITY;
    return now - this.#answersSince >= provenMs;
  }

  /** Batches that wait are closed, so that no record goes with one that has waited much longer. */
  #divide(topic: Topic, now: number): void {
    const before = now - this.#options.shortestAgeMs! / 10;
    for (const lane of topic.lanes) if (this.#obstacle(topic, lane) !== undefined) lane.closeBefore(before);
  }

  /** Whether the topic is another than that of dead letters, and nothing is known against that one. */
  #mayGiveUp(name: string): boolean {
    const { deadLetterTopic } = this.#options;
    if (deadLetterTopic === undefined) return true;
    const topic = this.#topics.topic(deadLetterTopic, true);
    const { lanes } = topic;
    const takes = lanes.length > 0 && lanes.every(lane => this.#obstacle(topic, lane) === undefined);
    return takes && name !== deadLetterTopic;
  }

  /** @param aged whether a record may be given up for its age */
  #giveUp(topic: Topic, most: number, aged: boolean): number {
    let left = most;
    for (const lane of topic.lanes) {
      const reason = this.#obstacle(topic, lane);
      if (reason !== undefined && left > 0) left -= this.#giveUpOf(lane, left, reason, aged);
    }
    left -= this.#topics.fail(topic, left, (parked, reason) => this.#error(topic.name, parked, parked, reason, aged));
    return most - left;
  }

  #giveUpOf(lane: Lane, most: number, reason: string, aged: boolean): number {
    const errorOf = (token: number, batch: Tried) => this.#error(lane.topic, { token }, batch, reason, aged);
    return this.#failures.giveUp(lane, most, errorOf);
  }

  /** Undefined while no limit of the record is over. */
  #error(
    topic: string,
    { token }: { readonly token: number },
    { since, refusals }: Tried,
    reason: string,
    aged: boolean,
  ): MkbError | undefined {
    const retry = this.#handler.retryOf?.(token);
    if (retry === undefined) return undefined;
    const came = this.#handler.receivedAt?.(token) ?? since;
    const limit = limitOver(retry, aged ? this.#now() - came : 0, refusals);
    return limit === undefined ? undefined : new MkbError('kafka-retries-exhausted', { topic, limit, reason });
  }

  #obstacle(topic: Topic, lane: Lane): string | undefined {
    return obstacle(topic, lane, this.#broker);
  }

  readonly #broker = (nodeId: number): Link | undefined => this.#cluster.broker(nodeId);
}
