/** A limit of the rate holds the source and loses nothing. */
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../bridge/main.ts';
import { registerMetrics } from '../../bridge/observe/metrics.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { until } from '../real/until.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let client: MqttClient;
let bridge: Bridge;

beforeEach(async () => {
  kafka = await startEmbeddedKafka({ autoCreateTopics: false });
  broker = await startEmbeddedMqtt();
  client = await mqtt.connectAsync(broker.url);
});

afterEach(async () => {
  await bridge.stop();
  await Promise.all([client.endAsync(true), broker.stop(), kafka.stop()]);
});

/** Rules `limited` and `other`, of which the first has `limits`, and its sink `ofSink`. */
async function start(limits: object, ofSink: object = {}, sql?: string): Promise<Bridge> {
  const rule = (name: string, fields: object, sink: object) => ({
    name,
    sql: sql ?? `SELECT payload FROM "${name}/{id}"`,
    sinks: [{ kafka: { topic: 'a', ...sink } }],
    ...fields,
  });
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'bridge' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: {
        bootstrapServers: [kafka.bootstrap],
        topics: ['a', 'dead'].map(name => ({ name, partitions: 1 })),
        producer: { linger: '1ms' },
      },
      rules: [rule('limited', limits, ofSink), ...(sql ? [] : [rule('other', {}, {})])],
      delivery: { shutdownTimeout: '0s' },
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  await bridge.start();
  return bridge;
}

const publish = (count: number, topic: string, payload = topic) =>
  Promise.all(Array.from({ length: count }, (_, at) => client.publishAsync(`${topic}/${at}`, payload, { qos: 1 })));
const records = () => kafka.records('a').length;

/** The seconds of `mkb_rate_limited_seconds_total`, by its labels. */
async function limitedSeconds(): Promise<ReadonlyMap<string, number>> {
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  const samples = (await registry.metrics()).matchAll(/^mkb_rate_limited_seconds_total\{(.*)\} (.*)$/gm);
  return new Map([...samples].map(([, labels, value]) => [labels!, Number(value)]));
}

test.each([
  ['rule', { rateLimit: '20/s' }, {}, 'bridge="bridge",rule="limited"'],
  ['sink', {}, { rateLimit: '20/s' }, 'bridge="bridge",rule="limited",sink="0"'],
])('a %s takes no more than its rate, and all in the end', async (_of, limits, ofSink, labels) => {
  await start(limits, ofSink);
  const before = performance.now();
  await publish(32, 'limited');
  await until('all to be delivered', () => bridge.account.count('delivered') === 32);
  // Two at once, and thirty at a twentieth of a second each.
  expect(performance.now() - before).toBeGreaterThan(1300);
  expect([records(), bridge.account.received, bridge.account.inFlight]).toEqual([32, 32, 0]);
  expect(bridge.sources[0]!.pausedSeconds).toBeGreaterThan(0);
  // Nobody saw which rule had all others wait.
  const seconds = await limitedSeconds();
  expect([...seconds.keys()]).toEqual([labels]);
  expect(seconds.get(labels)).toBeGreaterThan(1);
  expect(seconds.get(labels)).toBeLessThanOrEqual((performance.now() - before) / 1000);
});

test('what WHERE leaves out does not count for the rate of a rule, nor what other rules take', async () => {
  await start({ rateLimit: '1/h' });
  await publish(200, 'other');
  await until('all to be delivered', () => bridge.account.count('delivered') === 200);
});

test('rows of one message wait for the rate of their sink', async () => {
  await start({}, { rateLimit: '20/s' }, 'FOREACH payload.list AS i DO i AS value FROM "limited/{id}"');
  const before = performance.now();
  await publish(1, 'limited', JSON.stringify({ list: Array.from({ length: 32 }, (_, at) => at) }));
  await until('all rows', () => bridge.account.count('delivered') === 1);
  expect(performance.now() - before).toBeGreaterThan(1300);
  expect(records()).toBe(32);
});
