/**
 * The Kafka topic of a trial: made as one that the document writes, so that what is found out holds for that one too, and deleted when the
 * trial is over.
 */
import { deleteTopicsV5, describeConfigsV4, metadataV9 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { errorName } from '../../network/kafka/error-codes.ts';
import { Cluster, type ClusterOptions } from '../kafka/cluster.ts';
import { createTopics, requireTopics } from '../kafka/topic-admin.ts';
import { isDenied, unknownTopic } from '../kafka/topic-error.ts';

/** What decides whether a topic loses what it has acknowledged. */
export interface TopicFacts {
  /** Of the partition that has the fewest. */
  readonly replicas: number;
  /** `min.insync.replicas`; undefined if this user may not see it. */
  readonly minInsync: number | undefined;
  /** `unclean.leader.election.enable`. */
  readonly unclean: boolean | undefined;
  /** The topic that it is like; undefined if none of the document is there yet. */
  readonly like: string | undefined;
}

interface Described {
  readonly name: string;
  readonly partitions: readonly { readonly replicaNodes: readonly number[] }[];
}

const fewest = ({ partitions }: Described): number =>
  partitions.reduce((least, { replicaNodes: { length } }) => Math.min(least, length), Number.POSITIVE_INFINITY);

const topicResource = 2 as const;
const settings = { insync: 'min.insync.replicas', unclean: 'unclean.leader.election.enable' } as const;
const mostPartitions = 6;
const ignore = () => undefined;

export class TrialTopic {
  readonly #name: string;
  readonly #cluster: Cluster;
  #made = false;

  constructor(name: string, options: ClusterOptions) {
    this.#name = name;
    this.#cluster = new Cluster(options, { linkChanged: ignore, metadataRead: ignore, problem: ignore });
  }

  /** @param models topics that it may be made like: the first that is there. Throws why it cannot be made. */
  async make(models: readonly string[]): Promise<TopicFacts> {
    const cluster = this.#cluster;
    await cluster.connect();
    const model = (await this.#describe(models)).find(({ partitions }) => partitions.length > 0);
    const config = model === undefined ? new Map<string, string>() : await this.#settings(model.name);
    const spec = {
      name: this.#name,
      partitions: Math.min(mostPartitions, model?.partitions.length ?? 3),
      replicas: model === undefined ? -1 : fewest(model),
      config: Object.fromEntries(config),
    };
    this.#made = true;
    await createTopics(cluster, [spec]);
    await requireTopics(cluster, [this.#name]);
    const all = await this.#settings(this.#name);
    const [topic] = await this.#describe([this.#name]);
    const insync = all.get(settings.insync);
    return {
      replicas: topic === undefined ? 1 : fewest(topic),
      minInsync: insync === undefined ? undefined : Number(insync),
      unclean: all.has(settings.unclean) ? all.get(settings.unclean) === 'true' : undefined,
      like: model?.name,
    };
  }

  /** Throws `kafka-request-failed` and why Kafka cannot be reached: then the topic is left. */
  async remove(): Promise<void> {
    if (!this.#made) return;
    const what = `delete topic ${this.#name}`;
    const { api } = deleteTopicsV5;
    const { responses } = await this.#cluster.askController(
      what,
      api,
      [{ name: this.#name }],
      this.#cluster.requestTimeoutMs,
    );
    const { errorCode = 0 } = responses[0] ?? {};
    if (isDenied(errorCode)) throw new MkbError('kafka-not-authorised', { what, reason: errorName(errorCode) });
    if (errorCode !== 0 && errorCode !== unknownTopic)
      throw new MkbError('kafka-request-failed', { what, reason: errorName(errorCode) });
    this.#made = false;
  }

  close(): void {
    this.#cluster.close();
  }

  /** Those that are there, in the order asked for. */
  async #describe(names: readonly string[]): Promise<Described[]> {
    if (names.length === 0) return [];
    const { topics } = await this.#cluster.ask('describe topics', metadataV9.api, [...names], false, false, false);
    return names.flatMap(name => topics.filter(topic => topic.name === name && topic.errorCode === 0));
  }

  /** Empty for a user who may not see them. */
  async #settings(topic: string): Promise<Map<string, string>> {
    const configurationKeys = Object.values(settings);
    const resource = { resourceType: topicResource, resourceName: topic, configurationKeys } as const;
    const { results } = await this.#cluster.ask('describe settings', describeConfigsV4.api, [resource], false, false);
    return new Map(results[0]?.configs.flatMap(({ name, value }) => (value ? [[name, value] as const] : [])));
  }
}
