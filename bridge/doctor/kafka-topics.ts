/** Whether topics are there, may be used, and have settings that the bridge can live with. */
import { describeConfigsV4 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import type { Cluster } from '../kafka/cluster.ts';
import { topicError, unknownTopic } from '../kafka/topic-error.ts';
import { type Check, found, passed } from './check.ts';
import { allows, operation } from './operations.ts';
import type { TopicUse } from './topic-uses.ts';

/** What Kafka says of a topic to who asks for its rights, too. */
export interface DescribedTopic {
  readonly name: string;
  readonly errorCode: number;
  readonly partitions: readonly { readonly replicaNodes: readonly number[] }[];
  readonly topicAuthorizedOperations: number;
}

/**
 * @param topics as Kafka describes them, with what this user may do
 * @param largestRecord that the bridge sends, bytes
 */
export async function* checkTopics(
  cluster: Cluster,
  topics: readonly DescribedTopic[],
  uses: readonly TopicUse[],
  largestRecord: number | undefined,
): AsyncGenerator<Check> {
  for (const use of uses) {
    const topic = topics.find(({ name }) => name === use.topic);
    const errors = topic === undefined || topic.errorCode !== 0 ? [missing(use, topic?.errorCode)] : denied(use, topic);
    const faults = errors.length > 0 ? [] : await settingFaults(cluster, use, topic!, largestRecord);
    const all = [...errors, ...faults].filter(each => each !== undefined);
    for (const { error, state } of all) yield found(nameOf(use), error, state);
    if (all.length === 0)
      yield passed(
        nameOf(use),
        topic?.errorCode === 0 ? `may be used, ${partitions(topic)}` : 'does not exist yet: the bridge makes it',
      );
  }
}

const nameOf = ({ topic }: TopicUse): string => `Kafka topic ${topic}`;

const partitions = ({ partitions: { length } }: DescribedTopic): string =>
  `${length} ${length === 1 ? 'partition' : 'partitions'}`;

export interface Fault {
  readonly error: MkbError;
  readonly state: 'warning' | 'failed';
}

const failed = (error: MkbError): Fault => ({ error, state: 'failed' });
const warning = (error: MkbError): Fault => ({ error, state: 'warning' });

const missing = ({ topic, made }: TopicUse, errorCode = unknownTopic): Fault | undefined => {
  if (errorCode === unknownTopic && made) return undefined;
  const reason = `its metadata has error ${errorCode}`;
  return failed(
    topicError(topic, errorCode) ?? new MkbError('kafka-request-failed', { what: `describe topic ${topic}`, reason }),
  );
};

const denied = ({ topic, reads, writes }: TopicUse, { topicAuthorizedOperations }: DescribedTopic): Fault[] => {
  const lacks = (wanted: boolean, right: keyof typeof operation): Fault[] =>
    wanted && !allows(topicAuthorizedOperations, operation[right])
      ? [
          failed(
            new MkbError('kafka-not-authorised', {
              what: `${right} topic ${topic}`,
              reason: `it lacks ${right.toUpperCase()}`,
            }),
          ),
        ]
      : [];
  return [...lacks(reads, 'read'), ...lacks(writes, 'write')];
};

const topicResource = 2;
const wantedSettings = ['cleanup.policy', 'min.insync.replicas', 'message.timestamp.type', 'max.message.bytes'];

/** A user who may not see the settings cannot know. */
const settingFaults = async (
  cluster: Cluster,
  use: TopicUse,
  topic: DescribedTopic,
  largestRecord: number | undefined,
): Promise<Fault[]> => {
  if (!use.writes) return [];
  const resource = { resourceType: topicResource, resourceName: use.topic, configurationKeys: wantedSettings } as const;
  const { results } = await cluster.ask('describe settings', describeConfigsV4.api, [resource], false, false);
  const settings = new Map(results[0]?.configs.map(({ name, value }) => [name, value ?? '']));
  return faultsOf(use, leastReplicas(topic), settings, largestRecord);
};

const leastReplicas = ({ partitions: all }: DescribedTopic): number =>
  all.reduce((least, { replicaNodes }) => Math.min(least, replicaNodes.length), Number.POSITIVE_INFINITY);

/** What of its settings keeps records from being taken, or changes them. @param replicas of the partition that has the fewest */
export const faultsOf = (
  { topic, keyless, timed }: TopicUse,
  replicas: number,
  settings: ReadonlyMap<string, string>,
  largestRecord = 0,
): Fault[] => {
  const insync = Number(settings.get('min.insync.replicas') ?? 1);
  const isCompacted = settings.get('cleanup.policy')?.split(',').includes('compact') === true;
  const limit = Number(settings.get('max.message.bytes') ?? Number.POSITIVE_INFINITY);
  const replacesTimes = settings.get('message.timestamp.type') === 'LogAppendTime';
  return [
    ...(keyless !== undefined && isCompacted
      ? [failed(new MkbError('kafka-keys-wanted', { topic, rule: keyless }))]
      : []),
    ...(insync > replicas ? [failed(new MkbError('kafka-insync-impossible', { topic, insync, replicas }))] : []),
    ...(limit < largestRecord
      ? [warning(new MkbError('kafka-records-limited', { topic, limit, largest: largestRecord }))]
      : []),
    ...(timed && replacesTimes ? [warning(new MkbError('kafka-times-replaced', { topic }))] : []),
  ];
};
