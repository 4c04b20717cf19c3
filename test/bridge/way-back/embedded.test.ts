import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { until } from '../../real/until.ts';
import { recordWriter } from './support/record-writer.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let subscriber: MqttClient;
const heard: { topic: string; payload: string }[] = [];
const bridges: Bridge[] = [];

beforeEach(async () => {
  heard.length = 0;
  kafka = await startEmbeddedKafka({
    autoCreateTopics: false,
    topics: [
      { name: 'commands', partitions: 2 },
      { name: 'dead', partitions: 1 },
    ],
  });
  broker = await startEmbeddedMqtt();
  subscriber = await mqtt.connectAsync(broker.url);
  subscriber.on('message', (topic, payload) => heard.push({ topic, payload: payload.toString() }));
  await subscriber.subscribeAsync('#', { qos: 1 });
});

afterEach(async () => {
  await Promise.all(bridges.splice(0).map(bridge => bridge.stop()));
  await subscriber.endAsync(true);
  await broker.stop();
  await kafka.stop();
});

const commands = {
  name: 'commands',
  sql: 'SELECT * FROM "$kafka/commands"',
  sinks: [{ mqtt: { topic: 'vehicles/${key}/commands', payload: '${value}' } }],
};

async function start(spec: Record<string, unknown> = {}): Promise<Bridge> {
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
      rules: [commands],
      ...spec,
    },
  });
  const bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  bridges.push(bridge);
  await bridge.start();
  return bridge;
}

const write = (records: readonly { key?: string; value: string | null }[]) =>
  recordWriter(kafka.bootstrap, 'commands', records);

describe('a record becomes an MQTT message', () => {
  test('whose topic is made of its key', async () => {
    const bridge = await start();
    expect(bridge.missing()).toEqual([]);
    await write([{ key: 'v1', value: 'lock' }]);
    await until('the message', () => heard.length === 1);
    expect(heard).toEqual([{ topic: 'vehicles/v1/commands', payload: 'lock' }]);
  });
});
