import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { type RunningMosquitto, startMosquitto } from '../real/mosquitto.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { SchemaRegistry } from '../support/schema-registry.ts';
import { readTopic } from './kafka/support/producing.ts';

const point = '{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}';

describeReal(
  'kafka',
  'kcat',
  'mosquitto',
)('schemas, with a real Kafka and a real broker', () => {
  let kafka: RunningKafka;
  let mosquitto: RunningMosquitto;
  let registry: SchemaRegistry;
  let bridge: MkbProcess;
  let publisher: MqttClient;

  beforeAll(async () => {
    [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto({ persistence: true })]);
  });
  afterAll(() => Promise.all([kafka?.stop(), mosquitto?.stop()]));

  beforeEach(async () => {
    registry = await SchemaRegistry.start();
    registry.add('points', { id: 1, schema: point });
    publisher = await mqtt.connectAsync(mosquitto.url);
  });
  afterEach(async () => {
    await publisher.endAsync();
    await bridge.remove();
    await registry.stop();
  });

  const start = async (topic: string): Promise<void> => {
    const sink = (value: string) => [{ kafka: { topic, value } }];
    const document = {
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: topic },
      spec: {
        mqtt: { url: mosquitto.url },
        kafka: { bootstrapServers: [kafka.bootstrap], topics: [{ name: topic }] },
        schemas: [
          { name: 'point', avro: point },
          { name: 'points', registry: { url: registry.url, subject: 'points' } },
        ],
        rules: [
          {
            name: 'from-avro',
            sql: `SELECT schema_decode('point', payload) AS p FROM "${topic}/avro"`,
            sinks: sink('${p.x}'),
          },
          {
            name: 'from-registry',
            sql: `SELECT schema_decode('points', payload) AS p FROM "${topic}/tagged"`,
            sinks: sink('${p.x}'),
          },
          {
            name: 'to-registry',
            sql: `SELECT bin2hexstr(schema_encode('points', json_decode(payload))) AS hex FROM "${topic}/json"`,
            sinks: sink('${hex}'),
          },
        ],
      },
    };
    const [port] = await freePorts(1);
    bridge = new MkbProcess(document, port!);
    await bridge.start();
  };

  const publish = (topic: string, payload: Buffer | string) => publisher.publishAsync(topic, payload, { qos: 1 });
  const values = async (topic: string) => (await readTopic(kafka.bootstrap, topic)).map(({ value }) => value).sort();

  test('Avro comes in and goes out, with and without a registry', async () => {
    await start('formats');
    registry.add('points', { id: 2, schema: point });
    await publish('formats/avro', Buffer.of(10));
    await publish('formats/tagged', Buffer.of(0, 0, 0, 0, 2, 12));
    await publish('formats/json', '{"x": 7}');
    await until('three records', async () => (await bridge.metrics()).sum('mkb_messages_delivered_total') === 3);
    expect(await values('formats')).toEqual(['00000000010E', '5', '6']);
  });

  test('a message that waits for its schema outlives kill -9 of the bridge', async () => {
    await start('waits');
    registry.add('points', { id: 2, schema: point });
    registry.failure = 'reset';
    await publish('waits/tagged', Buffer.of(0, 0, 0, 0, 2, 12));
    await publish('waits/avro', Buffer.of(10));
    const retried = async () => (await bridge.metrics()).sum('mkb_retried_errors_total');
    await until('the registry to be asked again', async () => (await retried()) >= 2);
    await bridge.kill();
    registry.failure = undefined;
    await bridge.start();
    await until('both records', async () => (await bridge.metrics()).sum('mkb_messages_delivered_total') === 2);
    // The other rule did not wait. Its message came after the one that waits, so that it was not acknowledged, and comes again.
    const written = await values('waits');
    expect([written.filter(value => value === '6'), [...new Set(written)]]).toEqual([['6'], ['5', '6']]);
  });
});
