// A bridge was ready, its rates were as usual, and one record had waited for an hour: nothing said so, nor what for.
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { until } from '../../real/until.ts';
import { recordWriter } from '../support/record-writer.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let client: MqttClient;
let bridge: Bridge | undefined;

beforeEach(async () => {
  const topics = ['in', 'a', 'dead', 'other'].map(name => ({ name, partitions: 1 }));
  kafka = await startEmbeddedKafka({ autoCreateTopics: false, topics });
  broker = await startEmbeddedMqtt();
  client = await mqtt.connectAsync(broker.url);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await bridge?.stop();
  bridge = undefined;
  await client.endAsync(true);
  await Promise.all([broker.stop(), kafka.stop()]);
});

async function start(...rules: object[]): Promise<Bridge> {
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
      schemas: [{ name: 's', registry: { url: 'http://127.0.0.1:1', requestTimeout: '1s' } }],
      delivery: { onFailure: { deadLetter: { topic: 'dead' } }, shutdownTimeout: '0s' },
      rules: rules.map((rule, index) => ({ name: `r${index}`, ...rule })),
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  await bridge.start();
  return bridge;
}

/** What /readyz says when so many more seconds have passed. */
function missingIn(seconds: number): string {
  const now = performance.now() + 1000 * seconds;
  const clock = vi.spyOn(performance, 'now').mockReturnValue(now);
  const missing = bridge!.missing().filter(reason => reason.startsWith('the oldest message'));
  clock.mockRestore();
  return missing.join('\n');
}

const publish = (topic: string, payload: string) => client.publishAsync(topic, payload, { qos: 1 });
const always = Number.POSITIVE_INFINITY;
const toKafka = { kafka: { topic: 'a', value: '${payload}' } };
const other = { sql: 'SELECT payload FROM "other/#"', sinks: [{ kafka: { topic: 'other' } }] };

const waits = {
  'a topic that does not take its record': {
    source: 'mqtt',
    rule: { sql: 'SELECT payload FROM "in/#"', sinks: [toKafka] },
    begin: async () => {
      kafka.faults.add({ api: 'Produce', topic: 'a', error: 'NOT_ENOUGH_REPLICAS', times: always });
      await publish('in/1', 'x');
    },
    says: /^Kafka: topic a \(.*NOT_ENOUGH_REPLICAS.*\)$/,
  },
  'a topic that does not take its dead letter': {
    source: 'mqtt',
    rule: { sql: 'SELECT payload.x AS payload FROM "in/#"', sinks: [toKafka] },
    begin: async () => {
      kafka.faults.add({ api: 'Produce', topic: 'dead', error: 'NOT_ENOUGH_REPLICAS', times: always });
      await publish('in/1', 'no JSON');
    },
    says: /^Kafka: topic dead \(.*NOT_ENOUGH_REPLICAS.*\)$/,
  },
  'an MQTT broker that is down': {
    source: 'kafka',
    rule: { sql: 'SELECT * FROM "$kafka/in"', sinks: [{ mqtt: { topic: 'out', payload: '${value}' } }] },
    begin: async () => {
      await broker.stop();
      await recordWriter(kafka.bootstrap, 'in', [{ key: 'k', value: 'x' }]);
    },
    says: /^the publisher, which is not connected to MQTT$/,
  },
  'a rule whose schema cannot be fetched': {
    source: 'mqtt',
    rule: { name: 'decodes', sql: 'SELECT schema_decode(\'s\', payload) AS payload FROM "in/#"', sinks: [toKafka] },
    begin: () => client.publishAsync('in/1', Buffer.of(0, 0, 0, 0, 7, 12), { qos: 1 }).then(() => undefined),
    says: /^rule decodes, which waits for an answer/,
  },
} as const;

test.each(Object.entries(waits))('the oldest message in flight waits for %s, and that is said', async (_name, wait) => {
  const running = await start(wait.rule, other);
  const account = () => running.sources.find(({ name }) => name === wait.source)!.account;
  await wait.begin();
  await until('it to be in flight', () => account().inFlight === 1);
  await until('what it waits for', () => wait.says.test(missingIn(60).split(' it waits for ')[1] ?? ''));
  expect(missingIn(60)).toMatch(
    new RegExp(`^the oldest message in flight from ${wait.source} \\(1 in all\\) came \\d+ s ago:`),
  );
  // One that has just come is no reason not to be ready.
  expect(missingIn(0)).toBe('');
});
