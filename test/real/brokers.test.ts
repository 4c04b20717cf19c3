/** The brokers beside Mosquitto: they start, say what they are, and keep what they keep. */
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startArtemis } from './artemis.ts';
import { answers, type RunningMqttBroker } from './broker-process.ts';
import { startMochi } from './mochi.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { describeReal } from './require.ts';
import { until } from './until.ts';

const clients: MqttClient[] = [];
afterEach(() => Promise.all(clients.splice(0).map(client => client.endAsync(true))));

const session: IClientOptions = { clientId: 'absent', clean: false, properties: { sessionExpiryInterval: 3600 } };

async function connect(url: string, protocolVersion: 4 | 5, options: IClientOptions = {}): Promise<MqttClient> {
  const client = mqtt.connect(url, { protocolVersion, reconnectPeriod: 0, connectTimeout: 60_000, ...options });
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed before a CONNACK')));
  });
  return client;
}

const brokers = [
  { name: 'rabbitmq', start: startRabbitmq, versions: [4], grants: 1, keeps: true },
  { name: 'artemis', start: startArtemis, versions: [4, 5], grants: 2, keeps: true },
  { name: 'mochi', start: startMochi, versions: [4, 5], grants: 2, keeps: false },
] as const;

for (const { name, start, versions, grants, keeps } of brokers) {
  describeReal(name)(name, () => {
    let broker: RunningMqttBroker;
    beforeAll(async () => {
      broker = await start();
    });
    afterAll(() => broker?.stop());

    test.each(versions)('it speaks MQTT (protocol level %d) and grants the QoS it has', async version => {
      const client = await connect(broker.url, version);
      const received = new Promise<string>(resolve =>
        client.once('message', (_topic, payload) => resolve(`${payload}`)),
      );
      const [granted] = await client.subscribeAsync(`echo/${version}`, { qos: 2 });
      expect(granted?.qos).toBe(grants);
      await client.publishAsync(`echo/${version}`, 'hello', { qos: 1 });
      expect(await received).toBe('hello');
    });

    if (name === 'rabbitmq') {
      test('a client that asks for MQTT 5 is cut off without an answer', async () => {
        await expect(connect(broker.url, 5)).rejects.toThrow('closed before a CONNACK');
      });
    }

    if (!keeps) return;
    const version = versions.at(-1)!;
    test('a session and its queue outlive SIGKILL', async () => {
      const subscriber = await connect(broker.url, version, session);
      await subscriber.subscribeAsync('queued', { qos: 1 });
      await subscriber.endAsync();
      const publisher = await connect(broker.url, version);
      await Promise.all(
        Array.from({ length: 500 }, (_, number) => publisher.publishAsync('queued', `${number}`, { qos: 1 })),
      );

      await broker.kill();
      expect(await answers(broker.port)).toBe(false);
      await broker.start();

      const received = new Set<string>();
      const again = mqtt.connect(broker.url, { protocolVersion: version, ...session });
      clients.push(again);
      again.on('message', (_topic, payload) => received.add(`${payload}`));
      await until('all 500 messages', () => received.size === 500);
    });
  });
}
