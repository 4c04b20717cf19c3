/** What a subscriber of a real broker sees of a message with everything that a PUBLISH has. */
import mqtt, { type IPublishPacket } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Publication } from '../../../bridge/mqtt/publisher/publication.ts';
import { Publisher } from '../../../bridge/mqtt/publisher/publisher.ts';
import { startArtemis } from '../../real/artemis.ts';
import { startHivemq } from '../../real/hivemq.ts';
import { startMochi } from '../../real/mochi.ts';
import { startMosquitto } from '../../real/mosquitto.ts';
import { startRabbitmq } from '../../real/rabbitmq.ts';
import { describeReal } from '../../real/require.ts';
import type { SystemName } from '../../real/systems.ts';
import { until } from '../../real/until.ts';

interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

interface Case {
  readonly start: () => Promise<Broker>;
  readonly version: 4 | 5;
  /** What QoS 2 comes with. */
  readonly qos2: 1 | 2;
}

const cases: Partial<Record<SystemName, Case>> = {
  mosquitto: { start: () => startMosquitto(), version: 5, qos2: 2 },
  hivemq: { start: () => startHivemq(), version: 5, qos2: 2 },
  artemis: { start: () => startArtemis(), version: 5, qos2: 2 },
  mochi: { start: () => startMochi(), version: 5, qos2: 2 },
  rabbitmq: { start: () => startRabbitmq(), version: 4, qos2: 1 },
};

/** Publishes, and returns what became of each message, in the order of that. */
async function publishAll(url: string, publications: readonly Publication[]): Promise<string[]> {
  const told: string[] = [];
  const publisher = new Publisher<number>(
    {
      urls: [url],
      version: 'auto',
      clientId: 'publisher',
      subscriptions: [],
      keepAliveMs: 30_000,
      sessionExpirySeconds: 60,
      receiveMaximum: 10,
      maximumPacketSize: 100_000,
      connectTimeoutMs: 30_000,
      reconnect: { minDelayMs: 100, maxDelayMs: 100 },
      windowCapacity: 16,
      window: 10,
    },
    {
      published: token => told.push(`published ${token}`),
      expired: token => told.push(`expired ${token}`),
      failed: (token, { code }) => told.push(`failed ${token} ${code}`),
      dropped: () => undefined,
      settled: () => undefined,
      connected: () => undefined,
      disconnected: ({ message }) => told.push(message),
      problem: ({ code }) => told.push(code),
      stopped: ({ message }) => told.push(message),
    },
  );
  publisher.start();
  for (const [token, publication] of publications.entries()) publisher.publish(publication, token);
  await until('all to be published', () => publisher.load === 0);
  await publisher.close();
  return told;
}

const everything = (qos: 0 | 1 | 2, number: number): Publication => ({
  topic: 'out/everything',
  payload: Buffer.from(`{"number": ${number}}`),
  qos,
  retain: false,
  userProperties: [
    ['a', '1'],
    ['a', '2'],
  ],
  contentType: 'application/json',
  responseTopic: 'answers/7',
  correlationData: Buffer.of(0, 255, 7),
  payloadFormat: 1,
  expiry: { seconds: 1000, from: Date.now() - 400_000 },
});

for (const [system, { start, version, qos2 }] of Object.entries(cases) as [SystemName, Case][]) {
  describeReal(system)(`at ${system}`, () => {
    let broker: Broker;
    beforeAll(async () => {
      broker = await start();
    });
    afterAll(() => broker?.stop());

    /** Listens, publishes with QoS 0, 1 and 2 in turn, twice, and returns what came. */
    async function heard(): Promise<{ readonly packets: IPublishPacket[]; readonly told: string[] }> {
      const client = await mqtt.connectAsync(broker.url, { protocolVersion: version });
      const packets: IPublishPacket[] = [];
      client.on('message', (_topic, _payload, packet) => packets.push(packet));
      try {
        await client.subscribeAsync('out/#', { qos: 2 });
        const qualities = [0, 1, 2, 0, 1, 2] as const;
        const told = await publishAll(broker.url, qualities.map(everything));
        await until('all to come', () => packets.length >= qualities.length);
        return { packets, told };
      } finally {
        await client.endAsync(true);
      }
    }

    test('each message comes once, with its QoS and all that the protocol has', async () => {
      const { packets, told } = await heard();
      expect(told.filter(each => each.startsWith('published')).toSorted()).toEqual(
        [0, 1, 2, 3, 4, 5].map(n => `published ${n}`),
      );
      expect(told.includes('mqtt-properties-omitted')).toBe(version === 4);
      const sent = packets.map(({ qos, payload }) => `${qos} ${payload}`).toSorted();
      expect(sent).toEqual([0, 1, qos2, 0, 1, qos2].map((qos, number) => `${qos} {"number": ${number}}`).toSorted());
      for (const { topic, properties } of packets) {
        expect(topic).toBe('out/everything');
        if (version === 4) continue;
        const { messageExpiryInterval, userProperties, correlationData, ...rest } = properties!;
        expect(rest).toMatchObject({
          contentType: 'application/json',
          responseTopic: 'answers/7',
          payloadFormatIndicator: true,
        });
        expect({ ...userProperties }).toEqual({ a: ['1', '2'] });
        expect(correlationData).toEqual(Buffer.of(0, 255, 7));
        expect(messageExpiryInterval).toBeLessThanOrEqual(600);
        expect(messageExpiryInterval).toBeGreaterThan(500);
      }
    });
  });
}
