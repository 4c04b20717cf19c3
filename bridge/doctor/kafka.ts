/** Whether Kafka can be used: each bootstrap server, each address that the brokers advertise, and the group. Nothing is made or joined. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, describeGroupsV5, metadataV9 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { responseOf } from '../../network/kafka/response-error.ts';
import { Cluster, type ClusterOptions } from '../kafka/cluster.ts';
import { Coordinator } from '../kafka/consumer/coordinator.ts';
import type { ConsumerOptions } from '../kafka/consumer/options.ts';
import { attempt, type Check } from './check.ts';
import { checkTopics } from './kafka-topics.ts';
import { allows, operation } from './operations.ts';
import type { TopicUse } from './topic-uses.ts';

export interface KafkaChecks {
  readonly cluster: ClusterOptions;
  readonly uses: readonly TopicUse[];
  /** Of a bridge that reads from Kafka. */
  readonly consumer: ConsumerOptions | undefined;
  /** That the bridge sends, bytes; undefined if it sends none. */
  readonly largestRecord: number | undefined;
}

export async function* checkKafka({
  cluster: options,
  uses,
  consumer,
  largestRecord,
}: KafkaChecks): AsyncGenerator<Check> {
  const reached: string[] = [];
  for (const server of options.bootstrapServers) {
    const check = await checkServer(options, server, `Kafka ${server}`);
    if (check.state === 'ok') reached.push(server);
    yield check;
  }
  if (reached.length === 0) return;
  const cluster = new Cluster({ ...options, bootstrapServers: reached }, quiet);
  try {
    await cluster.connect();
    const names = uses.map(({ topic }) => topic);
    const metadata = await cluster.ask('describe topics', metadataV9.api, names, false, true, false);
    for (const { nodeId, host, port } of metadata.brokers) {
      const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      if (!reached.includes(address))
        yield checkServer(options, address, `Kafka broker ${nodeId}, advertised as ${address}`);
    }
    yield* checkTopics(cluster, metadata.topics, uses, largestRecord);
    if (consumer) yield checkGroup(cluster, consumer);
  } catch (error) {
    yield attempt('Kafka', () => Promise.reject(error));
  } finally {
    cluster.close();
  }
}

const quiet = { linkChanged: () => undefined, metadataRead: () => undefined, problem: () => undefined };

const checkServer = (options: ClusterOptions, server: string, name: string): Promise<Check> =>
  attempt(name, async () => {
    const cluster = new Cluster({ ...options, bootstrapServers: [server] }, quiet);
    try {
      await cluster.connect();
      return 'answers, and lets us in';
    } finally {
      cluster.close();
    }
  });

const checkGroup = (cluster: Cluster, options: ConsumerOptions): Promise<Check> =>
  attempt(`Kafka group ${options.groupId}`, async () => {
    const coordinator = new Coordinator(options, cluster);
    try {
      const what = `describe group ${options.groupId}`;
      const ask = () =>
        coordinator.ask(what, (connection: Connection) =>
          responseOf(describeGroupsV5.api.async(connection, [options.groupId], true)),
        );
      const { groups } = await patiently(ask);
      if (!allows(groups[0]?.authorizedOperations, operation.read))
        throw new MkbError('kafka-not-authorised', {
          what: `read in group ${options.groupId}`,
          reason: 'it lacks READ',
        });
      return 'may be used';
    } finally {
      coordinator.close();
    }
  });

/** In a cluster that had no group yet, there is no coordinator for a moment. */
const patiently = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  for (let attempts = 1; ; attempts++) {
    try {
      return await ask();
    } catch (error) {
      if (!MkbError.is(error) || error.kind !== 'retryable' || attempts === mostAttempts) throw error;
      await pause(500);
    }
  }
};

const mostAttempts = 6;
