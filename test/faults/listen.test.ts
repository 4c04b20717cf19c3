// Devices that publish straight to the bridge had their messages acknowledged, and the bridge or Kafka was killed: each of them must be in Kafka.
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { Device } from './listen-device.ts';
import { readFirst } from './read-numbers.ts';

describeReal('kafka')('clients of a bridge that listens', () => {
  let kafka: RunningKafka;
  let bridge: MkbProcess;
  let port: number;

  beforeAll(async () => {
    kafka = await startKafka();
    await kafka.createTopic('out', { partitions: 2 });
    const [mqttPort, httpPort] = (await freePorts(2)) as [number, number];
    port = mqttPort;
    bridge = new MkbProcess(
      {
        apiVersion: 'mqttkafka.dev/v1alpha1',
        kind: 'MqttKafkaBridge',
        metadata: { name: 'fleet' },
        spec: {
          mqtt: { listen: [{ port, host: '127.0.0.1' }], clients: { anonymous: true } },
          kafka: { bootstrapServers: [kafka.bootstrap] },
          rules: [
            {
              name: 'all',
              sql: 'SELECT payload FROM "cars/#"',
              sinks: [{ kafka: { topic: 'out', key: '${clientid}' } }],
            },
          ],
        },
      },
      httpPort,
    );
    await bridge.start();
  });

  afterAll(async () => {
    await bridge?.remove();
    await kafka?.stop();
  });

  test('lose nothing that was acknowledged, nor its order, when bridge and Kafka are killed', async () => {
    const devices = (['a', 'b', 'c', 'd'] as const).map(
      (id, index) => new Device(`mqtt://127.0.0.1:${port}`, id, index % 2 === 0 ? 1 : 2),
    );
    const progress = async (what: string) => {
      const before = devices.map(({ acknowledged }) => acknowledged.size);
      await until(what, () => devices.every(({ acknowledged }, index) => acknowledged.size > before[index]! + 50));
    };
    await progress('messages before any fault');
    for (let kill = 0; kill < (process.env.MKB_LONG ? 5 : 2); kill++) {
      await bridge.kill();
      await bridge.start();
      await progress('messages after the bridge was killed');
    }
    await kafka.brokers[0]!.kill();
    await kafka.brokers[0]!.start();
    await progress('messages after Kafka was killed');
    await Promise.all(devices.map(device => device.stop()));
    const acknowledged = Object.fromEntries(['a', 'b', 'c', 'd'].map((id, at) => [id, devices[at]!.acknowledged]));

    const firstOf = await readFirst(kafka, acknowledged);
    for (const [id, numbers] of Object.entries(acknowledged)) {
      const arrived = new Set(firstOf.get(id));
      expect([...numbers].filter(number => !arrived.has(number))).toEqual([]);
      expect(firstOf.get(id)).toEqual(firstOf.get(id)!.toSorted((left, right) => left - right));
    }
  });

  test('may be mosquitto_pub', async () => {
    const publish = (...more: string[]) =>
      execFileSync('mosquitto_pub', ['-h', '127.0.0.1', '-p', `${port}`, '-q', '1', '-t', 'cars/m', ...more]);
    publish('-V', 'mqttv311', '-i', 'm4', '-m', '0');
    publish('-V', '5', '-i', 'm5', '-m', '0', '-D', 'PUBLISH', 'user-property', 'a', 'b');
    const found = await readFirst(kafka, { m4: new Set([0]), m5: new Set([0]) });
    expect([found.get('m4'), found.get('m5')]).toEqual([[0], [0]]);
  });
});
