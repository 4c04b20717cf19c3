import { gzipSync } from 'node:zlib';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { WireClient } from '../../demo/embedded/wire-client.ts';
import { type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { batch, record } from '../kafka/consumer/support/batches.ts';
import { recordWriter } from '../support/record-writer.ts';

let kafka: EmbeddedKafka;
let broker: RunningMosquitto;
let subscriber: MqttClient;
let bridge: Bridge | undefined;
const heard: { payload: string; properties: unknown }[] = [];

async function start(where = 'true'): Promise<void> {
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url },
      kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
      rules: [
        {
          name: 'commands',
          sql: `SELECT * FROM "$kafka/commands" WHERE ${where}`,
          sinks: [
            {
              mqtt: {
                topic: 'v/${key}',
                payload: '${value}',
                userProperties: [{ name: 'trace', value: '${headers.h}' }],
              },
            },
          ],
        },
      ],
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  await bridge.start();
}

const write = (key: string, headers: Record<string, string> = {}) =>
  recordWriter(kafka.bootstrap, 'commands', [{ key, value: key, headers }]);

const reasons = () =>
  kafka.records('dead').map(({ headers }) => {
    const found = headers.find(([name]) => String(name) === 'mkb.error.code');
    return String(found?.[1]);
  });

describeReal('mosquitto')('from Kafka to MQTT 5', () => {
  beforeAll(async () => {
    broker = await startMosquitto();
  });
  afterAll(() => broker?.stop());

  beforeEach(async () => {
    heard.length = 0;
    kafka = await startEmbeddedKafka({ topics: ['commands', 'dead'].map(name => ({ name, partitions: 1 })) });
    subscriber = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
    subscriber.on('message', (_topic, payload, packet: IPublishPacket) =>
      heard.push({ payload: payload.toString(), properties: { ...packet.properties?.userProperties } }),
    );
    await subscriber.subscribeAsync('#', { qos: 1 });
  });

  afterEach(async () => {
    await bridge?.stop();
    await subscriber.endAsync(true);
    await kafka.stop();
  });

  // One such record stalled the direction for minutes, or for ever.
  test('a record that makes no MQTT message is a dead letter with its reason, and those after it go on', async () => {
    await start();
    const poison: readonly (readonly [key: string, headers?: Record<string, string>])[] = [
      ['a+b'],
      ['#'],
      ['n\0l'],
      ['k'.repeat(70_000)],
      ['one', { h: 'v'.repeat(70_000) }],
      ['two', { h: 'n\0l' }],
      ['three', { h: 'line\nfeed' }],
    ];
    for (const [key, headers] of poison) await write(key, headers);
    await write('good');
    await until('the message', () => heard.length === 1);
    await until('the dead letters', () => kafka.records('dead').length === poison.length);
    expect(heard.map(({ payload }) => payload)).toEqual(['good']);
    expect(reasons()).toEqual([...Array(4).fill('mqtt-topic-invalid'), ...Array(3).fill('mqtt-property-invalid')]);
  });

  test('a trace header that is none is left out and counted, and its message goes on', async () => {
    await start();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await write('right', { traceparent, tracestate: 'vendor=1' });
    await write('long', { traceparent: 't'.repeat(70_000), tracestate: 's'.repeat(70_000) });
    await write('nul', { traceparent: '00-\0', tracestate: '\0' });
    await until('the messages', () => heard.length === 3);
    expect(heard).toEqual([
      { payload: 'right', properties: { traceparent, tracestate: 'vendor=1', trace: '' } },
      { payload: 'long', properties: { trace: '' } },
      { payload: 'nul', properties: { trace: '' } },
    ]);
    expect([bridge!.mqttSink!.tracesOmitted, kafka.records('dead').length]).toEqual([4, 0]);
  });

  // The process ended at each start.
  test('a batch of 200,000 tiny records is read', async () => {
    const records = Buffer.concat(
      Array.from({ length: 200_000 }, (_, delta) => record({ delta, value: Buffer.alloc(0) })),
    );
    const count = 200_000;
    const client = await WireClient.connect(kafka.bootstrap);
    await client.produce(
      'commands',
      0,
      batch({ attributes: 1, records: gzipSync(records), count, lastDelta: count - 1 }),
    );
    await client.close();
    await start("key = 'last'");
    await write('last');
    await until('the last record', () => heard.length === 1);
    expect(bridge!.kafkaSource!.account.count('filtered')).toBe(200_000);
  });
});
