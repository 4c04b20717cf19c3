/**
 * The watch over records that wait, once a second: leaders are connected to, metadata is asked again, and what has waited for too long is
 * given up (`delivery.retry.maxAge`).
 *
 * Giving up is for a topic that stays behind while the rest of Kafka works. So it is done only while Kafka answers, and while the
 * dead-letter topic takes records: during an outage of all of it nothing is given up, because dead letters would wait as well, and afterwards
 * what waited is delivered. Records of the dead-letter topic itself are never given up.
 */
import { MkbError } from '../../api/errors.ts';
import type { Cluster } from './cluster.ts';
import type { FinalFailures } from './final-failures.ts';
import type { Link } from './link.ts';
import type { ProducerOptions } from './producer-options.ts';
import type { Topic } from './topic.ts';
import type { Topics } from './topics.ts';
import { obstacle, type UnreachableLeader, type Wait, waitOfRecord, waitsOf } from './waits.ts';

const everyMs = 1000;
/** Kafka works when it has answered for so long without a longer silence: by then each link and lane has made its pause, and had its next attempt. */
const provenMs = 8000;
const silenceMs = 4000;
/** Records given up at a time, more or less. A dead letter is larger than its record, and others want their turn. */
const mostAtOnce = 10_000;

export class Watch {
  readonly #options: ProducerOptions;
  readonly #cluster: Cluster;
  readonly #topics: Topics;
  readonly #failures: FinalFailures;
  readonly #now: () => number;
  readonly #gaveUp: () => void;
  readonly #timer: NodeJS.Timeout;
  /** Since when Kafka answers. */
  #answersSince = Number.POSITIVE_INFINITY;

  /** @param gaveUp called when records were given up, which may have become dead letters */
  constructor(
    options: ProducerOptions,
    parts: { readonly cluster: Cluster; readonly topics: Topics; readonly failures: FinalFailures },
    now: () => number,
    gaveUp: () => void,
  ) {
    this.#options = options;
    this.#cluster = parts.cluster;
    this.#topics = parts.topics;
    this.#failures = parts.failures;
    this.#now = now;
    this.#gaveUp = gaveUp;
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Topics that records wait for, the one that has waited longest first. */
  get waits(): Wait[] {
    const { lingerMs } = this.#options;
    return waitsOf(this.#topics.all(), { now: this.#now(), lingerMs, broker: this.#broker });
  }

  /** What a record waits for whose token `isOf` names. */
  waiting(isOf: (token: number) => boolean): string | undefined {
    return waitOfRecord(this.#topics.all(), isOf, this.#broker);
  }

  get unreachable(): UnreachableLeader[] {
    return [...this.#leaders()].flatMap(([link, topic]) => {
      const reason = link.unusable;
      return reason === undefined ? [] : [{ address: link.address, topic: topic.name, reason }];
    });
  }

  /** Opens connections to the leaders that are, or may at any time be, needed. */
  connect(): void {
    for (const [link] of this.#leaders()) link.open();
  }

  /** As `connect`, and waits until each has been tried. Never throws. */
  async connected(): Promise<void> {
    await Promise.allSettled(Array.from(this.#leaders(), ([link]) => link.ready()));
  }

  readonly #broker = (nodeId: number): Link | undefined => this.#cluster.broker(nodeId);

  /** Each with one of its topics. */
  #leaders(): Map<Link, Topic> {
    const leaders = new Map<Link, Topic>();
    for (const topic of this.#topics.all()) {
      for (const lane of topic.lanes) {
        if (!topic.named && lane.empty) continue;
        const link = this.#broker(lane.leader);
        if (link && !leaders.has(link)) leaders.set(link, topic);
      }
    }
    return leaders;
  }

  #look(): void {
    this.connect();
    if (this.waits.length === 0) {
      this.#answersSince = Number.POSITIVE_INFINITY;
      return;
    }
    this.#cluster.refresh();
    const { maxAgeMs } = this.#options;
    if (maxAgeMs === undefined) return;
    const now = this.#now();
    this.#divide(now - maxAgeMs / 10);
    if (this.#works(now)) this.#giveUp(now - maxAgeMs);
  }

  /** Batches that wait are closed, so that no record goes with one that has waited much longer. */
  #divide(before: number): void {
    for (const topic of this.#topics.all()) for (const lane of topic.lanes) if (lane.trouble) lane.closeBefore(before);
  }

  #works(now: number): boolean {
    if (performance.now() - this.#cluster.answeredAt > silenceMs) this.#answersSince = Number.POSITIVE_INFINITY;
    else this.#answersSince = Math.min(this.#answersSince, now);
    return now - this.#answersSince >= provenMs && this.#lettersGo;
  }

  /** Whether nothing is known against the dead-letter topic, if there is one. */
  get #lettersGo(): boolean {
    const { deadLetterTopic } = this.#options;
    if (deadLetterTopic === undefined) return true;
    const topic = this.#topics.topic(deadLetterTopic, true);
    const { lanes } = topic;
    return lanes.length > 0 && lanes.every(lane => obstacle(topic, lane, this.#broker) === undefined);
  }

  #giveUp(before: number): void {
    let left = mostAtOnce;
    for (const topic of this.#topics.all()) {
      if (topic.name === this.#options.deadLetterTopic) continue;
      const age = `${this.#options.maxAgeMs! / 1000} s`;
      const error = (reason: string) => new MkbError('kafka-retries-exhausted', { topic: topic.name, age, reason });
      for (const lane of topic.lanes) {
        if (left <= 0) break;
        const reason = obstacle(topic, lane, this.#broker);
        if (reason !== undefined) left -= this.#failures.expire(lane, before, left, error(reason));
      }
      if (left > 0) left -= this.#topics.expire(topic, before, left, error);
    }
    if (left < mostAtOnce) this.#gaveUp();
  }
}
