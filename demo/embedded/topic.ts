import { randomUUID } from 'node:crypto';
import { PartitionLog } from './log.ts';
import type { TopicSettings } from './topic-settings.ts';

/** One partition: its log, and which node leads it. */
export class Partition {
  readonly topic: string;
  readonly index: number;
  readonly log = new PartitionLog();
  /** Nodes that hold the partition, dead or alive. */
  replicas: readonly number[];
  /** -1 while no replica is alive. */
  leader: number;
  /** Grows with each change of leader (KIP-101). */
  leaderEpoch = 0;
  readonly #listeners = new Set<() => void>();

  constructor(topic: string, index: number, replicas: readonly number[]) {
    this.topic = topic;
    this.index = index;
    this.replicas = replicas;
    this.leader = replicas[0]!;
  }

  lead(node: number): void {
    if (node === this.leader) return;
    this.leader = node;
    this.leaderEpoch += 1;
    this.changed();
  }

  /** Calls back after each append and change of leader, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A topic: its id is new each time one of its name is created (KIP-516). */
export interface Topic {
  readonly name: string;
  readonly id: string;
  readonly settings: TopicSettings;
  readonly partitions: Partition[];
}

/**
 * A topic whose replicas go around the nodes, so that leaders are spread.
 *
 * @param nodes ids of all nodes
 * @param replicationFactor 1 to the number of nodes
 */
export function makeTopic(
  name: string,
  partitions: number,
  nodes: readonly number[],
  replicationFactor: number,
  settings: TopicSettings,
): Topic {
  const topic: Topic = { name, id: randomUUID(), settings, partitions: [] };
  growTopic(topic, partitions, nodes, replicationFactor);
  return topic;
}

/** Adds partitions until there are `count`. */
export function growTopic(topic: Topic, count: number, nodes: readonly number[], replicationFactor: number): void {
  for (let index = topic.partitions.length; index < count; index++) {
    const replicas = Array.from({ length: replicationFactor }, (_, i) => nodes[(index + i) % nodes.length]!);
    topic.partitions.push(new Partition(topic.name, index, replicas));
  }
}

/** A topic may have so many: each costs memory, and a request names any number. */
export const maxPartitions = 10_000;

/** Whether Kafka takes a topic of this name. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..';
}
