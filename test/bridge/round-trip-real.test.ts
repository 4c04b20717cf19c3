/**
 * From a real MQTT server to a real Kafka and back: a request lost where its answer is wanted, and an event was no event any more.
 */
import { CloudEvent, MQTT } from 'cloudevents';
import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../bridge/main.ts';
import { startHivemq } from '../real/hivemq.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { startMosquitto } from '../real/mosquitto.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';

const brokers = [
  ['mosquitto', () => startMosquitto()],
  ['hivemq', () => startHivemq()],
] as const;

const rule = (name: string, sql: string, ...sinks: object[]) => ({ name, sql, sinks });

/** @param broker whose topics of Kafka they use */
const rulesFor = (broker: string) => [
  rule('to-kafka', 'SELECT payload FROM "in/{id}"', {
    kafka: { topic: `mid-${broker}`, key: '${id}', mqttHeaders: true },
  }),
  rule('to-mqtt', `SELECT value FROM "$kafka/mid-${broker}"`, {
    mqtt: { topic: 'out/${key}', payload: '${value}', mqttProperties: true },
  }),
  rule('events', 'SELECT payload FROM "ce/in"', {
    kafka: { topic: `events-${broker}`, cloudEvents: { mode: 'structured' } },
  }),
  rule('back', `SELECT value FROM "$kafka/events-${broker}"`, {
    mqtt: { topic: 'ce/out', payload: '${value}', cloudEvents: { mode: 'binary' } },
  }),
];

describeReal('kafka')('with Kafka', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(async () => kafka?.stop());

  for (const [name, startBroker] of brokers) {
    describeReal(name)(`and ${name}`, () => {
      let broker: Awaited<ReturnType<typeof startBroker>>;
      let client: MqttClient;
      let bridge: Bridge;
      const heard: IPublishPacket[] = [];

      beforeAll(async () => {
        broker = await startBroker();
        client = await connectAsync(broker.url, { protocolVersion: 5 });
        client.on('message', (_topic, _payload, packet) => heard.push(packet));
        await client.subscribeAsync(['out/#', 'ce/out'], { qos: 1 });
        for (const topic of ['mid', 'events']) await kafka.createTopic(`${topic}-${name}`, { partitions: 1 });
        const document = completeDocument({
          apiVersion: 'mqttkafka.dev/v1alpha1',
          kind: 'MqttKafkaBridge',
          metadata: { name: `round-${name}` },
          spec: {
            mqtt: { url: broker.url },
            kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
            rules: rulesFor(name),
          },
        });
        bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
        await bridge.start();
      });

      afterAll(async () => {
        await bridge?.stop();
        await client?.endAsync(true);
        await broker?.stop();
      });

      test('a request comes back as it was', async () => {
        const properties = {
          payloadFormatIndicator: true,
          messageExpiryInterval: 600,
          contentType: 'application/json',
          responseTopic: 'answers/7',
          correlationData: Buffer.of(0, 1, 254, 255),
          userProperties: { a: ['1', '2'], 'mqtt-like': 'x' },
        };
        await client.publishAsync('in/7', '{"do": "it"}', { qos: 1, properties });
        const packet = await until('the message', () => heard.find(({ topic }) => topic === 'out/7'));
        const { messageExpiryInterval, ...rest } = packet.properties!;
        expect([packet.payload.toString(), messageExpiryInterval! > 0 && messageExpiryInterval! <= 600]).toEqual([
          '{"do": "it"}',
          true,
        ]);
        expect({ ...rest, userProperties: { ...rest.userProperties } }).toEqual({
          payloadFormatIndicator: true,
          contentType: 'application/json',
          responseTopic: 'answers/7',
          correlationData: properties.correlationData,
          userProperties: properties.userProperties,
        });
      });

      test('an event stays the event it was, through both modes', async () => {
        const event = new CloudEvent({
          id: '1',
          source: '/tank',
          type: 'com.example.level',
          ext: 'e',
          data: { level: 3 },
        });
        const { headers, payload, PUBLISH } = MQTT.binary(event) as unknown as {
          headers: Record<string, string>;
          payload: unknown;
          PUBLISH: { 'Content Type': string };
        };
        const { datacontenttype: _, ...attributes } = headers;
        const userProperties = JSON.parse(JSON.stringify(attributes));
        const properties = { contentType: PUBLISH['Content Type'] ?? 'application/json', userProperties };
        await client.publishAsync('ce/in', JSON.stringify(payload), { qos: 1, properties });
        const packet = await until('the event', () => heard.find(({ topic }) => topic === 'ce/out'));
        const { contentType, userProperties: came } = packet.properties!;
        expect({ ...came, contentType, data: JSON.parse(packet.payload.toString()) }).toEqual({
          ...{ specversion: '1.0', id: '1', source: '/tank', type: 'com.example.level', ext: 'e' },
          time: event.time,
          contentType: 'application/json',
          data: { level: 3 },
        });
      });
    });
  }
});
