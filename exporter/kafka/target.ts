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
import { type Ends, PartitionEnds } from './partition-ends.ts';
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
  /** The topics of which each partition is shown, well or not. */
  readonly partitions: Names;
  readonly groups: Names;
}

/** After how many rounds without a group, or without an answer, a partition's history is dropped. */
const keptRounds = 60;
/** Groups that one broker is asked about at once. */
const parallelGroups = 8;
/** Partitions that a leader is asked about at once: what is made for a question and its answer is gone before the next. */
const askedAtOnce = 2000;
/** The most partitions that are shown because they are not well: an outage must not cost Prometheus a hundred thousand series. */
const unwellShown = 1000;

export class KafkaTarget extends Target {
  readonly #brokers: Brokers;
  readonly #topicShown: (name: string) => boolean;
  readonly #partitionsShown: (topic: string) => boolean;
  readonly #groupShown: (name: string) => boolean;
  readonly #ends = new PartitionEnds();
  /** Of the partitions that some group reads, and the round in which each was last noted. */
  readonly #histories = new Map<string, { readonly history: OffsetHistory; round: number }>();
  #round = 0;

  constructor(options: KafkaTargetOptions, settings: TargetSettings) {
    super('kafka', options.name, settings);
    const timeouts = { connectTimeout: settings.timeoutMs, requestTimeout: settings.timeoutMs };
    this.#brokers = new Brokers('mkb-exporter', options.bootstrapServers, timeouts, options.login);
    this.#topicShown = nameFilter(options.topics.include, options.topics.exclude);
    const { include, exclude } = options.partitions;
    this.#partitionsShown = include.length > 0 ? nameFilter(include, exclude) : () => false;
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
    this.#round++;
    try {
      const partitions = await this.#readPartitions();
      await this.#readEnds(partitions, failed);
      this.#showPartitions(partitions);
      this.#showTopics(partitions);
      await this.#readGroups(failed);
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
    let left = unwellShown;
    for (const { topic, partition, leader, replicas, inSync } of partitions) {
      const unwell = leader < 0 || inSync < replicas;
      if (!this.#partitionsShown(topic) && !(unwell && left-- > 0)) continue;
      const labels = { topic, partition: `${partition}` };
      readings.set('kafka_topic_partition_leader', labels, leader);
      readings.set('kafka_topic_partition_replicas', labels, replicas);
      readings.set('kafka_topic_partition_in_sync_replicas', labels, inSync);
      const ends = this.#ends.now(topic, partition);
      if (!ends) continue;
      readings.set('kafka_topic_partition_start_offset', labels, ends.start);
      readings.set('kafka_topic_partition_end_offset', labels, ends.end);
    }
    readings.set('kafka_partitions_not_shown', {}, Math.max(0, -left));
  }

  async #readEnds(partitions: readonly PartitionState[], failed: (error: MkbError) => void): Promise<void> {
    const byLeader = Map.groupBy(
      partitions.filter(({ leader }) => leader >= 0),
      ({ leader }) => leader,
    );
    this.#ends.begin(partitions);
    const ask = async (node: number, own: readonly PartitionState[]): Promise<void> => {
      for (let from = 0; from < own.length; from += askedAtOnce) {
        const some = own.slice(from, from + askedAtOnce);
        const [starts, ends] = await Promise.all([
          readOffsets(this.#brokers, node, 'start', some, failed),
          readOffsets(this.#brokers, node, 'end', some, failed),
        ]);
        this.#ends.note(starts, ends);
      }
    };
    await Promise.all([...byLeader].map(([node, own]) => ask(node, own).catch(failed)));
  }

  #showTopics(partitions: readonly PartitionState[]): void {
    const { readings } = this;
    for (const [topic, own] of Map.groupBy(partitions, each => each.topic)) {
      const count = (which: (partition: PartitionState) => boolean) => own.filter(which).length;
      readings.set('kafka_topic_partitions', { topic }, own.length);
      const leaderless = count(({ leader }) => leader < 0);
      readings.set('kafka_topic_leaderless_partitions', { topic }, leaderless);
      const underReplicated = count(({ inSync, replicas }) => inSync < replicas);
      readings.set('kafka_topic_under_replicated_partitions', { topic }, underReplicated);
      const ends = this.#ends.all(topic, own);
      if (!ends) continue;
      readings.set(
        'kafka_topic_start_offset',
        { topic },
        total(ends, ({ start }) => start),
      );
      readings.set(
        'kafka_topic_end_offset',
        { topic },
        total(ends, ({ end }) => end),
      );
    }
  }

  async #readGroups(failed: (error: MkbError) => void): Promise<void> {
    await Promise.all(this.#brokers.nodes.map(node => this.#readGroupsOf(node).catch(failed)));
    for (const [key, { round }] of this.#histories) if (this.#round - round > keptRounds) this.#histories.delete(key);
  }

  async #readGroupsOf(node: number): Promise<void> {
    const groups = (await readGroups(this.#brokers, node)).filter(this.#groupShown);
    const worker = async (): Promise<void> => {
      for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
        const committed = await readCommitted(this.#brokers, node, group);
        for (const [topic, own] of Map.groupBy(committed, each => each.topic)) this.#showLag(group, topic, own);
      }
    };
    await Promise.all(Array.from({ length: parallelGroups }, worker));
  }

  #showLag(group: string, topic: string, committed: readonly PartitionOffset[]): void {
    const ends = this.#ends.all(topic, committed);
    if (!ends) return;
    const now = this.settings.now();
    let [lag, waitedMs] = [0, 0];
    for (const [index, { partition, offset }] of committed.entries()) {
      const { start, end } = ends[index]!;
      const history = this.#history(`${topic}/${partition}`, now, { start, end });
      // The end was read before the commit, so a group may seem to be ahead.
      const own = Math.max(0, end - offset);
      lag += own;
      // What was deleted before the group read it does not wait any more.
      if (own > 0) waitedMs = Math.max(waitedMs, history.ageMs(Math.max(offset, start), now));
      if (!this.#partitionsShown(topic)) continue;
      const labels = { group, topic, partition: `${partition}` };
      this.readings.set('kafka_consumer_group_partition_lag_messages', labels, own);
    }
    const offset = total(committed, each => each.offset);
    this.readings.set('kafka_consumer_group_committed_offset', { group, topic }, offset);
    this.readings.set('kafka_consumer_group_lag_messages', { group, topic }, lag);
    this.readings.set('kafka_consumer_group_lag_seconds', { group, topic }, waitedMs / 1000);
  }

  /** The history of a partition, with its end of this round. */
  #history(key: string, now: number, { start, end }: Pick<Ends, 'start' | 'end'>): OffsetHistory {
    const known = this.#histories.get(key) ?? { history: new OffsetHistory(), round: 0 };
    if (known.round !== this.#round) known.history.note(now, end, start);
    known.round = this.#round;
    this.#histories.set(key, known);
    return known.history;
  }
}

function total<Part>(parts: readonly Part[], of: (part: Part) => number): number {
  let sum = 0;
  for (const part of parts) sum += of(part);
  return sum;
}
