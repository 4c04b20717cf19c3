/**
 * A Kafka cluster: its brokers and partitions, and how far its consumer groups are behind.
 *
 * A round asks any broker for metadata, every leader for the ends of its partitions, and every coordinator for its groups. Once there
 * is metadata the cluster is up; a broker or a partition that does not answer costs its own values and no others.
 */
import type { MkbError } from '../../api/errors.ts';
import type { KafkaLogin } from '../../network/kafka/settings.ts';
import { Target, type TargetSettings } from '../target.ts';
import { Brokers } from './brokers.ts';
import {
  type PartitionOffset,
  type PartitionState,
  readCommitted,
  readGroups,
  readOffsets,
  readPartitions,
} from './cluster-state.ts';
import { OffsetHistory } from './offset-history.ts';
import { nameFilter } from './patterns.ts';

export interface Names {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface KafkaTargetOptions {
  readonly name: string;
  readonly bootstrapServers: readonly string[];
  /** TLS and login; timeouts are those of the target. */
  readonly login: KafkaLogin;
  readonly topics: Names;
  readonly groups: Names;
}

interface Ends {
  readonly start: number;
  readonly end: number;
}

/** A partition as a key of a map. */
const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }) => `${topic}/${partition}`;

/** After how many rounds without a group, or without an answer, a partition's history is dropped. */
const keptRounds = 60;
/** Groups that one broker is asked about at once. */
const parallelGroups = 8;

export class KafkaTarget extends Target {
  readonly #brokers: Brokers;
  readonly #topicShown: (name: string) => boolean;
  readonly #groupShown: (name: string) => boolean;
  /** Of the partitions that some group reads, and the round in which each was last noted. */
  readonly #histories = new Map<string, { readonly history: OffsetHistory; round: number }>();
  #round = 0;

  constructor(options: KafkaTargetOptions, settings: TargetSettings) {
    super('kafka', options.name, settings);
    const timeouts = { connectTimeout: settings.timeoutMs, requestTimeout: settings.timeoutMs };
    this.#brokers = new Brokers('mkb-exporter', options.bootstrapServers, timeouts, options.login);
    this.#topicShown = nameFilter(options.topics.include, options.topics.exclude);
    this.#groupShown = nameFilter(options.groups.include, options.groups.exclude);
  }

  override async stop(): Promise<void> {
    await super.stop();
    this.#brokers.reset();
  }

  protected override async round(signal: AbortSignal): Promise<void> {
    const failures: MkbError[] = [];
    const failed = (error: MkbError) => failures.push(error);
    const stopAsking = () => this.#brokers.reset();
    signal.addEventListener('abort', stopAsking);
    try {
      const partitions = await this.#readPartitions();
      this.#showPartitions(partitions);
      const ends = await this.#readEnds(partitions, failed);
      await this.#readGroups(ends, failed);
    } finally {
      signal.removeEventListener('abort', stopAsking);
    }
    if (failures.length > 0) throw failures[0];
  }

  async #readPartitions(): Promise<PartitionState[]> {
    try {
      const partitions = await readPartitions(this.#brokers, this.#topicShown);
      this.readings.set('kafka_up', {}, 1);
      return partitions;
    } catch (error) {
      this.readings.set('kafka_up', {}, 0);
      this.#brokers.reset();
      throw error;
    }
  }

  #showPartitions(partitions: readonly PartitionState[]): void {
    const { readings } = this;
    readings.set('kafka_brokers', {}, this.#brokers.nodes.length);
    for (const { topic, partition, leader, replicas, inSync } of partitions) {
      const labels = { topic, partition: `${partition}` };
      readings.set('kafka_topic_partition_leader', labels, leader);
      readings.set('kafka_topic_partition_replicas', labels, replicas);
      readings.set('kafka_topic_partition_in_sync_replicas', labels, inSync);
      readings.set('kafka_topic_partition_under_replicated', labels, Number(inSync < replicas));
    }
  }

  async #readEnds(
    partitions: readonly PartitionState[],
    failed: (error: MkbError) => void,
  ): Promise<Map<string, Ends>> {
    const ends = new Map<string, Ends>();
    const byLeader = Map.groupBy(
      partitions.filter(({ leader }) => leader >= 0),
      ({ leader }) => leader,
    );
    const ask = async (node: number, own: readonly PartitionState[]): Promise<void> => {
      const [starts, lasts] = await Promise.all([
        readOffsets(this.#brokers, node, 'start', own, failed),
        readOffsets(this.#brokers, node, 'end', own, failed),
      ]);
      const startOf = new Map(starts.map(each => [keyOf(each), each.offset]));
      for (const each of lasts) {
        const start = startOf.get(keyOf(each));
        if (start === undefined) continue;
        ends.set(keyOf(each), { start, end: each.offset });
        const labels = { topic: each.topic, partition: `${each.partition}` };
        this.readings.set('kafka_topic_partition_start_offset', labels, start);
        this.readings.set('kafka_topic_partition_end_offset', labels, each.offset);
      }
    };
    await Promise.all([...byLeader].map(([node, own]) => ask(node, own).catch(failed)));
    return ends;
  }

  async #readGroups(ends: ReadonlyMap<string, Ends>, failed: (error: MkbError) => void): Promise<void> {
    this.#round++;
    await Promise.all(this.#brokers.nodes.map(node => this.#readGroupsOf(node, ends).catch(failed)));
    for (const [key, { round }] of this.#histories) if (this.#round - round > keptRounds) this.#histories.delete(key);
  }

  async #readGroupsOf(node: number, ends: ReadonlyMap<string, Ends>): Promise<void> {
    const groups = (await readGroups(this.#brokers, node)).filter(this.#groupShown);
    const worker = async (): Promise<void> => {
      for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
        for (const committed of await readCommitted(this.#brokers, node, group)) {
          const own = ends.get(keyOf(committed));
          if (own) this.#showLag(group, committed, own);
        }
      }
    };
    await Promise.all(Array.from({ length: parallelGroups }, worker));
  }

  #showLag(group: string, { topic, partition, offset }: PartitionOffset, { start, end }: Ends): void {
    const now = this.settings.now();
    const history = this.#history(keyOf({ topic, partition }), now, { start, end });
    // The end was read before the commit, so a group may seem to be ahead.
    const lag = Math.max(0, end - offset);
    // What was deleted before the group read it does not wait any more.
    const waitedMs = lag === 0 ? 0 : history.ageMs(Math.max(offset, start), now);
    const labels = { group, topic, partition: `${partition}` };
    this.readings.set('kafka_consumer_group_committed_offset', labels, offset);
    this.readings.set('kafka_consumer_group_lag_messages', labels, lag);
    this.readings.set('kafka_consumer_group_lag_seconds', labels, waitedMs / 1000);
  }

  /** The history of a partition, with its end of this round. */
  #history(key: string, now: number, { start, end }: Ends): OffsetHistory {
    const known = this.#histories.get(key) ?? { history: new OffsetHistory(), round: 0 };
    if (known.round !== this.#round) known.history.note(now, end, start);
    known.round = this.#round;
    this.#histories.set(key, known);
    return known.history;
  }
}
