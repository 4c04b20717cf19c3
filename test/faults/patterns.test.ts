/** Two replicas read what a pattern matches while one is killed and topics are made, deleted and made again: nothing that was written is missing. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { wrongAccounts } from './record-run.ts';
import { runLimitMs } from './under-fault.ts';
import { type Run, startWorld, type World } from './world.ts';

const documentFor = ({ topic, deadTopic, topicPrefix, mqttUrl, bootstrap }: Run): object => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: topic },
  spec: {
    mqtt: { url: mqttUrl, clientId: topic, share: topic },
    // What comes next: a topic that is found late must be read from its beginning all the same.
    kafka: { bootstrapServers: bootstrap.split(','), consumer: { offsetReset: 'latest', discoverEvery: '1s' } },
    rules: [
      {
        name: 'carry',
        sql: `SELECT value, nr FROM "$kafka/${topic}-{nr}"`,
        sinks: [{ mqtt: { topic: `${topicPrefix}/\${nr}`, payload: '${value}' } }],
      },
    ],
    // The pattern covers it.
    delivery: { onFailure: { deadLetter: { topic: deadTopic } } },
  },
});

describeReal('kafka', 'mosquitto')('what a pattern matches', () => {
  let world: World;
  let subscriber: MqttClient;
  let producer: Producer;
  const heard = new Set<string>();
  const written: string[] = [];

  beforeAll(async () => {
    world = await startWorld();
    producer = world.kafka.client().producer();
    await producer.connect();
  });
  afterAll(async () => {
    await subscriber?.endAsync(true);
    await producer?.disconnect();
    await world?.stop();
  });

  /** Counts only what Kafka has acknowledged. */
  async function write(run: Run, nr: string, count: number): Promise<void> {
    for (let sent = 0; sent < count; sent += 50) {
      const values = Array.from({ length: 50 }, (_, index) => `${nr}:${written.length + index}`);
      await producer.send({
        topic: `${run.topic}-${nr}`,
        acks: -1,
        messages: values.map((value, index) => ({ key: `k${index % 5}`, value })),
      });
      for (const value of values) written.push(`${run.topicPrefix}/${nr} ${value}`);
      await pause(5);
    }
  }

  /** Whether the group has an offset for every partition of topics. */
  async function hasOffsets({ topic }: Run, numbers: readonly string[]): Promise<boolean> {
    const admin = world.kafka.client().admin();
    await admin.connect();
    const topics = numbers.map(nr => `${topic}-${nr}`);
    const found = await admin.fetchOffsets({ groupId: topic, topics }).finally(() => admin.disconnect());
    return found.every(
      ({ partitions }) => partitions.length === 3 && partitions.every(({ offset }) => offset !== '-1'),
    );
  }

  async function allHeard(): Promise<void> {
    const missing = () => written.filter(each => !heard.has(each));
    await until('all to be heard', () => missing().length === 0, { timeoutMs: 60_000 }).catch(() => undefined);
    expect(missing()).toEqual([]);
  }

  test(
    'is read whole, whoever of two replicas is killed, and whatever topics come and go',
    async () => {
      const run = await world.newRun();
      for (const nr of ['1', '2']) await world.kafka.createTopic(`${run.topic}-${nr}`);
      subscriber = await mqtt.connectAsync(run.mqttUrl);
      subscriber.on('message', (topic, payload) => heard.add(`${topic} ${payload}`));
      await subscriber.subscribeAsync(`${run.topicPrefix}/+`, { qos: 1 });
      const bridges = await Promise.all(
        [0, 1].map(async ordinal => new MkbProcess(documentFor(run), await freePort(), ordinal)),
      );
      const [first, second] = bridges as [MkbProcess, MkbProcess];
      const admin = world.kafka.client().admin();
      await admin.connect();
      try {
        await first.start();
        // From here on nothing may be skipped.
        await until('the group to have its offsets', () => hasOffsets(run, ['1', '2']));
        await second.start();
        await Promise.all([write(run, '1', 1000), write(run, '2', 1000), first.kill()]);
        await world.kafka.createTopic(`${run.topic}-3`);
        await Promise.all([write(run, '3', 500), write(run, '1', 500), first.start()]);
        await allHeard();
        await admin.deleteTopics({ topics: [`${run.topic}-3`] });
        await until('it to be gone', async () => !(await admin.listTopics()).includes(`${run.topic}-3`));
        await world.kafka.createTopic(`${run.topic}-3`);
        await Promise.all([write(run, '3', 500), write(run, '2', 500), second.kill()]);
        await second.start();
        await allHeard();
        expect(await wrongAccounts(first)).toEqual([]);
        expect(first.log()).not.toContain('internal-error');
      } finally {
        await admin.disconnect();
        await Promise.all(bridges.map(bridge => bridge.remove()));
      }
    },
    runLimitMs,
  );
});
