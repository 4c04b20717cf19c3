/** One run from Kafka to MQTT: replicas of a bridge, an oracle, and a fault between. */
import { expect } from 'vitest';
import { freePort } from '../real/ports.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { prove } from './proof/prove.ts';
import { ways } from './proof/ways.ts';
import type { RecordFault, RecordScene } from './record-faults.ts';
import { RecordOracle, type RecordVerdict } from './record-oracle.ts';
import type { Run, World } from './world.ts';

/** The document that publishes a run's records as they are. @param sink more of it */
export const documentFor = (
  { topic, deadTopic, topicPrefix, mqttUrl, bootstrap, auth }: Run,
  sink: object = {},
): object => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: topic },
  spec: {
    mqtt: { url: mqttUrl, clientId: topic, share: topic, reconnect: { minDelay: '50ms', maxDelay: '500ms' } },
    kafka: { bootstrapServers: bootstrap.split(','), consumer: { offsetReset: 'earliest' }, ...(auth && { auth }) },
    rules: [
      {
        name: 'carry',
        sql: `SELECT * FROM "$kafka/${topic}"`,
        sinks: [{ mqtt: { topic: `${topicPrefix}/\${key}`, payload: '${value}', ...sink } }],
      },
    ],
    delivery: { onFailure: { deadLetter: { topic: deadTopic } } },
  },
});

/** An oracle for a run. It goes to both brokers straight: only the bridge suffers from the proxies. */
export const recordOracle = (world: World, run: Run, patienceMs = 60_000): RecordOracle =>
  new RecordOracle({
    mqttUrl: world.mosquitto.url,
    topicPrefix: run.topicPrefix,
    kafka: world.kafka.client(),
    kafkaTopic: run.topic,
    patienceMs,
  });

/** Has bridges carry the oracle's records while a fault is done, its times spread over the run, and judges. The first bridge runs. */
export async function carryRecords(
  world: World,
  fault: RecordFault,
  bridges: RecordScene['bridges'],
  oracle: RecordOracle,
): Promise<RecordVerdict> {
  const scene: RecordScene = { ...world, bridges, oracle };
  await oracle.start();
  const times = fault.times ?? 1;
  for (let time = 0; time < times; time++) {
    await oracle.reach((time + 0.5) / (times + 1));
    await fault.run(scene);
  }
  return await oracle.verdict();
}

/** Our bridge under a fault: nothing may be lost or overtaken, its account must be right, and all offsets committed in the end. */
export async function expectRecordsSafe(
  world: World,
  fault: RecordFault,
  of?: Run,
  sink?: object,
): Promise<RecordVerdict> {
  const run = of ?? (await world.newRun(fault.link));
  const replica = async (ordinal: number) => new MkbProcess(documentFor(run, sink), await freePort(), ordinal);
  const bridges = [await replica(0), await replica(1)] as const;
  const oracle = recordOracle(world, run);
  try {
    await bridges[0].start();
    const verdict = await carryRecords(world, fault, bridges, oracle);
    const { written: messages, lost, repeated: duplicated } = verdict;
    if (sink === undefined && of === undefined)
      prove({ way: ways.records, fault: fault.name, systems: world.systems, messages, lost, dropped: 0, duplicated });
    expect(verdict.problems, bridges[0].log()).toEqual([]);
    expect(await wrongAccounts(bridges[0])).toEqual([]);
    await until('all offsets to be committed', async () => (await lag(world, run)) === 0n);
    return verdict;
  } finally {
    await oracle.stop();
    await Promise.all(bridges.map(bridge => bridge.remove()));
  }
}

/** Records that the group has not committed. */
export async function lag({ kafka }: World, { topic }: Pick<Run, 'topic'>): Promise<bigint> {
  const admin = kafka.client().admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const [group] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
    return ends.reduce((sum, { partition, offset }) => {
      const committed = group?.partitions.find(each => each.partition === partition)?.offset ?? '0';
      return sum + BigInt(offset) - BigInt(committed);
    }, 0n);
  } finally {
    await admin.disconnect();
  }
}

/** What is wrong with a bridge's accounts when all is quiet; empty is good. */
export async function wrongAccounts(bridge: MkbProcess): Promise<string[]> {
  const wrong: string[] = [];
  const settled = async () => {
    const metrics = await bridge.metrics();
    wrong.push(...metrics.unbalanced);
    return metrics.sum('mkb_messages_in_flight') === 0;
  };
  await until('nothing to be in flight', settled).catch(error => wrong.push(error.message));
  return wrong;
}
