/**
 * One topic wants all three replicas in sync, and a broker is down. Its messages held the acknowledgements of all others, and nothing said so.
 */
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTopic } from '../bridge/kafka/support/producing.ts';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { runLimitMs, settledAccounts } from './under-fault.ts';
import { oracleFor, type Run, runDocument, startWorld, type World } from './world.ts';

interface RunDocument {
  spec: { rules: object[]; delivery: object };
}

/** Of each partition: its leader, a node id, or -1 where there is none, and the replicas that are in sync. */
async function partitionsOf(world: World, topics: string[]): Promise<{ leader: number; isr: number[] }[]> {
  const admin = world.kafka.client().admin();
  await admin.connect();
  try {
    const { topics: found } = await admin.fetchTopicMetadata({ topics });
    return found.flatMap(({ partitions }) => partitions);
  } finally {
    await admin.disconnect();
  }
}

describeReal(
  'kafka',
  'mosquitto',
  'kcat',
)('a topic with too few replicas in sync, of several topics,', () => {
  let world: World;
  let publisher: MqttClient;
  beforeAll(async () => {
    world = await startWorld({ brokers: 3 });
    publisher = await mqtt.connectAsync(world.mosquitto.url, { protocolVersion: 5 });
  });
  afterAll(async () => {
    await publisher?.endAsync(true);
    await world?.stop();
  });

  /** A bridge with one rule more, whose topic wants all replicas. */
  async function strictBridge(run: Run, delivery: object = {}): Promise<{ bridge: MkbProcess; strict: string }> {
    const strict = `${run.topic}-strict`;
    await world.kafka.createTopic(strict, { config: { 'min.insync.replicas': '3' } });
    const document = runDocument(run) as RunDocument;
    const sinks = [{ kafka: { topic: strict } }];
    document.spec.rules.push({ name: 'strict', sql: `SELECT payload FROM "${strict}"`, sinks });
    Object.assign(document.spec.delivery, delivery);
    return { bridge: new MkbProcess(document, await freePort()), strict };
  }

  const numbered = (name: string, count: number) => Array.from({ length: count }, (_, number) => `${name} ${number}`);
  const publish = async (topic: string, name: string, count: number) => {
    for (const payload of numbered(name, count)) await publisher.publishAsync(topic, payload, { qos: 1 });
  };
  /** The payloads of a topic that begin with `name`, each once. */
  const found = async (topic: string, name: string) => {
    const values = (await readTopic(world.kafka.bootstrap, topic)).map(({ value }) => value);
    return [...new Set(values.filter(value => value.startsWith(name)))].sort();
  };

  test(
    'is named with what it holds back, and when the replica is back nothing is lost',
    async () => {
      const run = await world.newRun();
      const { bridge, strict } = await strictBridge(run);
      const oracle = oracleFor(world, run);
      try {
        await bridge.start();
        await oracle.start();
        await oracle.reach(0.2);
        await world.kafka.brokers[2]!.kill();
        await publish(strict, 'held', 10);
        await until('it to be named', async () => {
          const text = await (await fetch(`${bridge.httpUrl}/readyz`)).text();
          return new RegExp(`10 records wait for topic ${strict} since \\d+ s: NOT_ENOUGH_REPLICAS`).test(text);
        });
        await oracle.reach(0.8);
        // Not at once: until the dead broker's partitions have another leader, the others wait for Kafka too.
        await until('the others to be held back', async () => {
          const metrics = await bridge.metrics();
          return metrics.sum('mkb_acknowledgements_held_back') > 0 && metrics.sum('mkb_topic_waiting_seconds') > 0;
        });
        await world.kafka.brokers[2]!.start();
        const verdict = await oracle.verdict();
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(await settledAccounts(bridge)).toEqual([]);
        expect(await found(strict, 'held')).toEqual(numbered('held', 10));
        await until('nothing to be held back', async () => {
          return (await bridge.metrics()).sum('mkb_acknowledgements_held_back') === 0 && (await bridge.ready());
        });
      } finally {
        if (!world.kafka.brokers[2]!.running) await world.kafka.brokers[2]!.start();
        await oracle.stop();
        await bridge.remove();
      }
    },
    runLimitMs,
  );

  test(
    'gives up what it held for longer than delivery.retry.maxAge, and the others go on',
    async () => {
      const run = await world.newRun();
      const { bridge, strict } = await strictBridge(run, { retry: { maxAge: '5s' } });
      const oracle = oracleFor(world, run);
      try {
        await bridge.start();
        await publish(strict, 'before', 5);
        await until('them to be there', async () => (await found(strict, 'before')).length === 5);
        await world.kafka.brokers[2]!.kill();
        // The others are not to be given up: they may wait for a new leader longer than maxAge.
        await until('the others to have leaders', async () =>
          (await partitionsOf(world, [run.topic, run.deadTopic])).every(({ leader }) => leader === 1 || leader === 2),
        );
        await oracle.start();
        await publish(strict, 'given up', 10);
        const letters = async () => (await bridge.metrics()).sum('mkb_messages_dead_lettered_total');
        await until('ten dead letters', async () => (await letters()) === 10);
        // With a broker down: nothing waits for the ten any more.
        const verdict = await oracle.verdict();
        expect(verdict.problems, verdict.text).toEqual([]);
        expect(await settledAccounts(bridge)).toEqual([]);
        expect(await found(run.deadTopic, 'given up')).toEqual(numbered('given up', 10));
        await world.kafka.brokers[2]!.start();
        // A member again, it has yet to catch up: until then the topic takes nothing, and for longer than maxAge that is given up too.
        await until('all replicas to be in sync', async () =>
          (await partitionsOf(world, [strict])).every(({ isr }) => isr.length === 3),
        );
        // What was given up may have been written by some replicas all the same; its sequence numbers are not used again.
        await publish(strict, 'after', 5);
        await until('the later ones to be there', async () => (await found(strict, 'after')).length === 5);
        expect(await settledAccounts(bridge)).toEqual([]);
        expect(await letters()).toBe(10);
      } finally {
        if (!world.kafka.brokers[2]!.running) await world.kafka.brokers[2]!.start();
        await oracle.stop();
        await bridge.remove();
      }
    },
    runLimitMs,
  );
});
