import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess, NaiveWayBack } from '../support/bridge-process.ts';
import {
  type BackFault,
  type BackScene,
  bridgeJoins,
  bridgeKilled,
  bridgeStopped,
  frozenThenKilled,
  kafkaRestarted,
  mosquittoFrozen,
  mosquittoRestarted,
  mqttCut,
} from './back-faults.ts';
import { BackOracle } from './back-oracle.ts';
import { runLimitMs } from './under-fault.ts';
import { type Run, startWorld, type World } from './world.ts';

const keys = 4;

/** The document that publishes a run's records as they are. */
const documentFor = ({ topic, deadTopic, topicPrefix, mqttUrl, bootstrap }: Run): object => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: topic },
  spec: {
    mqtt: { url: mqttUrl, clientId: topic, share: topic, reconnect: { minDelay: '50ms', maxDelay: '500ms' } },
    kafka: { bootstrapServers: bootstrap.split(','), consumer: { offsetReset: 'earliest' } },
    rules: [
      {
        name: 'carry',
        sql: `SELECT * FROM "$kafka/${topic}"`,
        sinks: [{ mqtt: { topic: `${topicPrefix}/\${key}`, payload: '${value}' } }],
      },
    ],
    delivery: { onFailure: { deadLetter: { topic: deadTopic } } },
  },
});

describeReal('kafka', 'mosquitto')(
  'every record of Kafka reaches the MQTT subscriber, in the order of its key, when',
  () => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld();
    });
    afterAll(() => world?.stop());

    const oracleFor = (run: Run, patienceMs?: number) =>
      new BackOracle({
        mqttUrl: world.mosquitto.url,
        topicPrefix: run.topicPrefix,
        kafka: world.kafka.client(),
        kafkaTopic: run.topic,
        keys,
        ...(patienceMs !== undefined && { patienceMs }),
      });

    const replica = async (run: Run, ordinal: number) => new MkbProcess(documentFor(run), await freePort(), ordinal);

    async function carryUnder(fault: BackFault, bridges: BackScene['bridges'], oracle: BackOracle) {
      const scene: BackScene = { ...world, bridges, oracle };
      await oracle.start();
      const times = fault.times ?? 1;
      for (let time = 0; time < times; time++) {
        await oracle.reach((time + 0.5) / (times + 1));
        await fault.run(scene);
      }
      return await oracle.verdict();
    }

    const faults: BackFault[] = [
      bridgeKilled,
      bridgeStopped,
      mosquittoRestarted,
      mosquittoFrozen,
      mqttCut,
      kafkaRestarted,
      bridgeJoins,
      frozenThenKilled,
    ];

    test.each(faults.map(fault => [fault.name, fault] as const))(
      '%s',
      async (_name, fault) => {
        const run = await world.newRun(fault.link);
        const bridges = [await replica(run, 0), await replica(run, 1)] as const;
        const oracle = oracleFor(run);
        try {
          await bridges[0].start();
          const verdict = await carryUnder(fault, bridges, oracle);
          expect(verdict.problems, bridges[0].log()).toEqual([]);
          expect(await settledAccounts(bridges[0])).toEqual([]);
          await until('all offsets to be committed', async () => (await lag(run)) === 0n);
        } finally {
          await oracle.stop();
          await Promise.all(bridges.map(bridge => bridge.remove()));
        }
      },
      runLimitMs,
    );

    test(
      'this test can fail: it finds what a bridge loses that commits before the broker has acknowledged',
      async () => {
        const run = await world.newRun(frozenThenKilled.link);
        const naive = new NaiveWayBack(run);
        const oracle = oracleFor(run, 3000);
        try {
          await naive.start();
          const verdict = await carryUnder(frozenThenKilled, [naive, naive], oracle);
          expect(verdict.problems.join()).toMatch(/lost/);
        } finally {
          await oracle.stop();
          await naive.remove();
        }
      },
      runLimitMs,
    );

    /** Records that the group has not committed. */
    async function lag(run: Run): Promise<bigint> {
      const admin = world.kafka.client().admin();
      await admin.connect();
      try {
        const ends = await admin.fetchTopicOffsets(run.topic);
        const [group] = await admin.fetchOffsets({ groupId: run.topic, topics: [run.topic] });
        return ends.reduce((sum, { partition, offset }) => {
          const committed = group?.partitions.find(each => each.partition === partition)?.offset ?? '0';
          return sum + BigInt(offset) - BigInt(committed);
        }, 0n);
      } finally {
        await admin.disconnect();
      }
    }
  },
);

/** What is wrong with a bridge's account when all is quiet; empty is good. */
async function settledAccounts(bridge: MkbProcess): Promise<string[]> {
  const wrong: string[] = [];
  const settled = async () => {
    const metrics = await bridge.metrics();
    const [read, ...parts] = [
      'read_total',
      'delivered_total',
      'dead_lettered_total',
      'dropped_total',
      'returned_total',
      'in_flight',
    ].map(name => metrics.sum(`mkb_records_${name}`));
    const sum = parts.reduce((total, part) => total + part, 0);
    if (read !== sum) wrong.push(`read ${read} is not ${parts.join(' + ')}`);
    return parts.at(-1) === 0;
  };
  await until('nothing to be in flight', settled, { timeoutMs: 10_000 }).catch(error => wrong.push(error.message));
  return wrong;
}
