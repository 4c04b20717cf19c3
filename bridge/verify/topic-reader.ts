/**
 * Reads a topic from its beginning for as long as it is open, without a consumer group: a loop for each broker, so that one which has nothing
 * to give holds up no other. What fails is asked for again: brokers go and come back here.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '../../network/backoff.ts';
import { Cluster } from '../kafka/cluster.ts';
import { AssignedPartition } from '../kafka/consumer/assigned-partition.ts';
import type { FetchedRecord } from '../kafka/consumer/batch-records.ts';
import { Intake, leaderOf } from '../kafka/consumer/intake.ts';
import { noGroup } from '../kafka/consumer/no-group.ts';
import type { ConsumerOptions } from '../kafka/consumer/options.ts';
import { Positions } from '../kafka/consumer/positions.ts';
import { Reading } from '../kafka/consumer/reading.ts';
import { TopicLives } from '../kafka/consumer/topic-lives.ts';
import { requireTopics } from '../kafka/topic-admin.ts';

const ignore = () => undefined;
const lookEveryMs = 50;
/** An end that no partition reaches. */
const unread = 2n ** 63n;

export class TopicReader {
  readonly #cluster: Cluster;
  readonly #reading: Reading;
  readonly #intake: Intake;
  readonly #topic: string;
  #partitions: readonly AssignedPartition[] = [];
  /** Brokers that have a loop. */
  readonly #loops = new Map<number, Promise<void>>();
  /** Of each partition, where it ended when it was read last. */
  readonly #ends = new Map<AssignedPartition, bigint>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param take called for each record, those of a partition in their order */
  constructor(options: ConsumerOptions, topic: string, take: (partition: number, record: FetchedRecord) => void) {
    this.#topic = topic;
    this.#cluster = new Cluster(options.cluster, { linkChanged: ignore, metadataRead: ignore, problem: ignore });
    this.#reading = new Reading(options, this.#cluster);
    const { groupId } = options;
    const positions = new Positions({ groupId, offsetReset: 'earliest' }, this.#cluster, noGroup, new TopicLives());
    this.#intake = new Intake(
      this.#cluster,
      positions,
      {
        record: (partition, record, taken) => {
          take(partition.partition, record);
          partition.settle(taken);
        },
        ...{ room: ignore, problem: ignore, refused: ignore, readEnd: ignore },
        ...{ takenAway: ignore, assigned: ignore, strangers: ignore },
      },
      this.#cluster.retry.minDelayMs,
    );
  }

  /** Begins. Throws as `Cluster.connect` and `requireTopics`. */
  async open(): Promise<void> {
    await this.#cluster.connect();
    await requireTopics(this.#cluster, [this.#topic]);
    const { id, leaders } = this.#cluster.topic(this.#topic)!;
    this.#partitions = leaders.map((_leader, partition) => {
      const each = new AssignedPartition({ topic: this.#topic, partition }, ignore);
      each.begin({ position: 0n, committed: undefined, topicId: id });
      return each;
    });
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** Whether everything was handed over that there was when each partition was read last. */
  get atEnd(): boolean {
    return this.#partitions.every(each => (this.#ends.get(each) ?? unread) <= each.offsets!.position);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#cluster.close();
    await Promise.all(this.#loops.values());
  }

  #look(): void {
    for (const partition of this.#partitions) {
      const leader = leaderOf(this.#cluster, partition);
      if (leader >= 0 && !this.#loops.has(leader)) this.#loops.set(leader, this.#readFrom(leader));
    }
  }

  async #readFrom(broker: number): Promise<void> {
    for (let failures = 0; !this.#closed; ) {
      const now = performance.now();
      const its = this.#partitions.filter(each => leaderOf(this.#cluster, each) === broker && each.readableAt <= now);
      if (its.length === 0) {
        await pause(lookEveryMs);
        continue;
      }
      try {
        for (const fetched of await this.#reading.fetch(broker, its)) {
          await this.#intake.take(fetched, () => this.#closed);
          const { partition, answer } = fetched;
          if (answer.errorCode === 0) this.#ends.set(partition, answer.highWatermark);
        }
        failures = 0;
      } catch {
        this.#cluster.refresh();
        const { minDelayMs, maxDelayMs } = this.#cluster.retry;
        await pause(this.#closed ? 0 : backoffMs(failures++, minDelayMs, maxDelayMs));
      }
    }
  }
}
