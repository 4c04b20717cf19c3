/**
 * What all nodes of the embedded cluster share: topics, leaders, groups, producer ids and scripted faults.
 *
 * The nodes are ports of one process and hold no data of their own, so nothing has to be replicated: a partition's leader is a
 * number that decides which port answers for it. When a node stops, its partitions go to the next of their replicas that is alive,
 * as a controller would decide, and stay there until a test moves them back.
 */
import { MkbError } from '../../api/errors.ts';
import type { RecordBatch } from './batch.ts';
import { code } from './codes.ts';
import { Faults } from './faults.ts';
import { Groups } from './groups.ts';
import type { Appended } from './log.ts';
import { type EmbeddedRecord, recordsOf } from './records.ts';
import { growTopic, makeTopic, type Partition, type Topic } from './topic.ts';
import type { TopicSettings } from './topic-settings.ts';

/** Reports a batch that was appended. Its records are decoded when they are asked for. */
export interface NewBatch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly count: number;
  readonly bytes: number;
  records(): EmbeddedRecord[];
}

/** A node as the cluster sees it: a port that can be stopped and started again (broker.ts). */
export interface ClusterNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly running: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Reports a request that arrived, before it is looked at. */
export interface NewRequest {
  readonly api: string;
  readonly version: number;
  readonly node: number;
  readonly clientId: string;
}

/** Functions that are called back, and how to be one of them. */
export class Listeners<T> {
  readonly #listeners = new Set<(event: T) => void>();

  /** @returns a function that ends the subscription */
  add(listener: (event: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: T): void {
    for (const listener of this.#listeners) listener(event);
  }
}

export class Cluster {
  readonly id = 'embedded-kafka';
  readonly faults = new Faults();
  readonly groups = new Groups();
  readonly batches = new Listeners<NewBatch>();
  readonly requests = new Listeners<NewRequest>();
  /** Connections that the broker had to end: what the client sent made no sense here. */
  readonly problems = new Listeners<Error>();
  readonly autoCreateTopics: boolean;
  readonly settings: TopicSettings;
  readonly #topics = new Map<string, Topic>();
  readonly #nodes: ClusterNode[] = [];
  #producerIds = 0;

  constructor(settings: TopicSettings, autoCreateTopics: boolean) {
    this.settings = settings;
    this.autoCreateTopics = autoCreateTopics;
  }

  get nodes(): readonly ClusterNode[] {
    return this.#nodes;
  }

  addNode(node: ClusterNode): void {
    this.#nodes.push(node);
  }

  /** A node by its id, from 1 on. */
  node(id: number): ClusterNode {
    const node = this.#nodes.find(each => each.id === id);
    if (node === undefined) throw new MkbError('embedded-unknown', { what: `node ${id}` });
    return node;
  }

  isAlive(node: number): boolean {
    return this.#nodes.some(each => each.id === node && each.running);
  }

  /** The node that answers for all groups and as controller: the first that is alive, -1 when none is. */
  get coordinator(): number {
    return this.#nodes.find(node => node.running)?.id ?? -1;
  }

  get topics(): readonly Topic[] {
    return [...this.#topics.values()];
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  topicById(id: string): Topic | undefined {
    return this.topics.find(topic => topic.id === id);
  }

  /**
   * Creates a topic that does not exist yet.
   *
   * @param replicationFactor every node when not given, at most 3
   */
  createTopic(
    name: string,
    partitions = 1,
    replicationFactor = Math.min(3, this.#nodes.length),
    settings = this.settings,
  ): Topic {
    const nodes = this.#nodes.map(node => node.id);
    const topic = makeTopic(name, partitions, nodes, replicationFactor, settings);
    this.#topics.set(name, topic);
    this.#electIn(topic);
    return topic;
  }

  growTopic(topic: Topic, partitions: number): void {
    const nodes = this.#nodes.map(node => node.id);
    growTopic(topic, partitions, nodes, topic.partitions[0]!.replicas.length);
    this.elect();
  }

  /** Deletes a topic and what groups committed for it. */
  deleteTopic(name: string): void {
    const topic = this.#topics.get(name);
    this.#topics.delete(name);
    this.groups.forgetTopic(name);
    for (const partition of topic?.partitions ?? []) partition.changed();
  }

  /** A partition that exists. Throws `embedded-unknown` for another: a mistake in a test. */
  partition(topic: string, index: number): Partition {
    const partition = this.#topics.get(topic)?.partitions[index];
    if (partition === undefined) throw new MkbError('embedded-unknown', { what: `partition ${index} of ${topic}` });
    return partition;
  }

  /**
   * The partition that a request to `node` is about, or the code to refuse it with.
   *
   * @param leaderEpoch the epoch the client knows (KIP-320), -1 for none
   */
  locate(topic: string, index: number, node: number, leaderEpoch = -1): Partition | number {
    const partition = this.#topics.get(topic)?.partitions[index];
    if (partition === undefined) return code.UNKNOWN_TOPIC_OR_PARTITION;
    if (leaderEpoch >= 0 && leaderEpoch < partition.leaderEpoch) return code.FENCED_LEADER_EPOCH;
    if (leaderEpoch > partition.leaderEpoch) return code.UNKNOWN_LEADER_EPOCH;
    return partition.leader === node ? partition : code.NOT_LEADER_OR_FOLLOWER;
  }

  /** Gives a partition to another node. The old leader answers NOT_LEADER_OR_FOLLOWER from now on. */
  moveLeader(topic: string, index: number, node: number): void {
    const partition = this.partition(topic, index);
    if (!this.isAlive(node)) throw new MkbError('embedded-unknown', { what: `running node ${node}` });
    if (!partition.replicas.includes(node)) partition.replicas = [...partition.replicas, node];
    partition.lead(node);
  }

  /** Finds a leader for each partition whose leader is dead. */
  elect(): void {
    for (const topic of this.#topics.values()) this.#electIn(topic);
  }

  #electIn({ partitions }: Topic): void {
    for (const partition of partitions) {
      if (this.isAlive(partition.leader)) continue;
      partition.lead(partition.replicas.find(node => this.isAlive(node)) ?? -1);
    }
  }

  /** Appends a checked batch, wakes the fetches that wait for it and reports it. */
  append(partition: Partition, batch: RecordBatch): Appended {
    const settings = this.#topics.get(partition.topic)?.settings ?? this.settings;
    const retention = { bytes: settings['retention.bytes'], ms: settings['retention.ms'] };
    const result = partition.log.append(batch, partition.leaderEpoch, retention, Date.now());
    if (!result.appended) return result;
    partition.changed();
    this.batches.tell({
      topic: partition.topic,
      partition: partition.index,
      baseOffset: result.baseOffset,
      count: batch.count,
      bytes: batch.bytes.length,
      records: () => recordsOf(batch, partition.index),
    });
    return result;
  }

  nextProducerId(): number {
    this.#producerIds += 1;
    return this.#producerIds;
  }

  /** Every record a topic keeps, by partition and offset, decompressed. */
  records(topic: string): EmbeddedRecord[] {
    const partitions = this.#topics.get(topic)?.partitions ?? [];
    return partitions.flatMap(({ index, log }) => log.batches.flatMap(batch => recordsOf(batch, index)));
  }
}
