/** Topics that the document wants to exist: those that are missing are made, and the others are left as they are. */
import { setTimeout as pause } from 'node:timers/promises';
import { createTopicsV5 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { errorName, refuses } from '../../network/kafka/error-codes.ts';
import type { Cluster } from './cluster.ts';
import { isDenied, topicError, unknownAnswers } from './topic-error.ts';

/** A topic to be created when it is missing. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

const topicExists = 36;

/** Creates the topics that do not exist. Those that do are left as they are. */
export async function createTopics(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  await cluster.read(specs.map(spec => spec.name));
  const missing = specs.filter(({ name }) => cluster.topic(name)?.errorCode !== 0);
  if (missing.length === 0) return;
  const topics = missing.map(spec => ({
    name: spec.name,
    numPartitions: spec.partitions,
    replicationFactor: spec.replicas,
    assignments: [],
    configs: Object.entries(spec.config).map(([name, value]) => ({ name, value })),
  }));
  const { api } = createTopicsV5;
  const answer = await cluster.askController('create topics', api, topics, cluster.requestTimeoutMs, false);
  for (const { name, errorCode, errorMessage } of answer.topics) {
    if (errorCode === 0 || errorCode === topicExists) continue;
    const reason = errorMessage ?? errorName(errorCode);
    if (isDenied(errorCode)) throw new MkbError('kafka-not-authorised', { what: `create topic ${name}`, reason });
    if (refuses(errorCode, 'topic')) throw new MkbError('kafka-topic-not-created', { topic: name, reason });
    throw new MkbError('kafka-request-failed', { what: `create topic ${name}`, reason });
  }
  cluster.refresh();
}

/** Throws `kafka-unknown-topic` (or why else it cannot be used) for a topic that is missing, after giving a new one time to be known. */
export async function requireTopics(cluster: Cluster, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  for (let answers = 1; ; answers++) {
    await cluster.read(names);
    const errors = names.map(name => topicError(name, cluster.topic(name)?.errorCode ?? 0)).filter(Boolean);
    if (errors.length === 0) return;
    if (answers >= unknownAnswers) throw errors[0];
    await pause(cluster.retry.minDelayMs * answers);
  }
}
