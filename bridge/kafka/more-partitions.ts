/**
 * A topic of the document that has fewer partitions than the document says gets the others. Kafka can take none away, so a topic with more is left as it is.
 *
 * Records with a key go to other partitions from then on: what the order of a key is worth ends there once. That is what the document asks for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createPartitionsV3 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { errorName } from '../../network/kafka/error-codes.ts';
import type { Cluster } from './cluster.ts';
import type { TopicSpec } from './topic-admin.ts';
import { unknownAnswers } from './topic-error.ts';

/** INVALID_PARTITIONS: it has as many, or Kafka does not make so many. */
const invalidPartitions = 37;

/** @throws kafka-partitions-not-added, and what `Cluster` throws */
export async function addPartitions(cluster: Cluster, specs: readonly Wanted[]): Promise<void> {
  if (specs.length === 0) return;
  const before = await tooSmall(cluster, specs);
  if (before.length === 0) return;
  const { api } = createPartitionsV3;
  const wanted = before.map(({ name, partitions }) => ({ name, count: partitions, assignments: null }));
  const { results } = await cluster.askController('add partitions', api, wanted, cluster.requestTimeoutMs, false);
  const refused = await refusedOf(cluster, before, results);
  cluster.refresh();
  if (refused) {
    const { name, errorCode, errorMessage } = refused;
    const { has, partitions } = before.find(each => each.name === name)!;
    const reason = errorMessage || errorName(errorCode);
    throw new MkbError('kafka-partitions-not-added', { topic: name, has, wanted: partitions, reason });
  }
}

/** Another replica of the bridge, or Strimzi, may have been first, which brokers know a moment later than the controller. */
async function refusedOf(cluster: Cluster, wanted: readonly Wanted[], results: readonly Result[]) {
  for (let answers = 1; ; answers++) {
    const left = new Set((await tooSmall(cluster, wanted)).map(({ name }) => name));
    const refused = results.find(({ name, errorCode }) => errorCode !== 0 && left.has(name));
    if (refused?.errorCode !== invalidPartitions || answers >= unknownAnswers) return refused;
    await pause(cluster.retry.minDelayMs * answers);
  }
}

interface Result {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage?: string | null | undefined;
}

type Wanted = Pick<TopicSpec, 'name' | 'partitions'>;

async function tooSmall<S extends Wanted>(
  cluster: Cluster,
  specs: readonly S[],
): Promise<(S & { readonly has: number })[]> {
  await cluster.read(specs.map(({ name }) => name));
  return specs.flatMap(spec => {
    const has = cluster.topic(spec.name)?.leaders.length ?? 0;
    // None is a topic that is about to be known.
    return has > 0 && has < spec.partitions ? [{ ...spec, has }] : [];
  });
}
