/** Every source to every sink, by the same pipeline: what is read from MQTT, Kafka, windows and events, and written to Kafka and MQTT. */
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../bridge/main.ts';
import { registerMetrics } from '../../bridge/observe/metrics.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../demo/embedded/mqtt.ts';
import { until } from '../real/until.ts';
import { Metrics } from '../support/metrics.ts';
import { recordWriter } from './support/record-writer.ts';

let kafka: EmbeddedKafka;
let broker: Awaited<ReturnType<typeof startEmbeddedMqtt>>;
let client: MqttClient;
let bridge: Bridge | undefined;
let heard: { topic: string; payload: string }[] = [];

beforeEach(async () => {
  maxBytes = '64MiB';
  heard = [];
  kafka = await startEmbeddedKafka({
    autoCreateTopics: false,
    topics: ['in', 'in2', 'out', 'out2', 'dead'].map(name => ({ name, partitions: 1 })),
  });
  broker = await startEmbeddedMqtt();
  client = await mqtt.connectAsync(broker.url);
  client.on('message', (topic, payload) => heard.push({ topic, payload: payload.toString() }));
  await client.subscribeAsync('out/#', { qos: 1 });
});

afterEach(async () => {
  await bridge?.stop();
  bridge = undefined;
  await client.endAsync(true);
  await broker.stop();
  await kafka.stop();
});

interface TestRule {
  readonly name?: string;
  readonly sql: string;
  readonly sinks: readonly object[];
}

/** Set by a test that needs another. */
let maxBytes: string;

async function start(...rules: TestRule[]): Promise<Bridge> {
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
      delivery: { buffer: { maxBytes }, onFailure: { deadLetter: { topic: 'dead' } } },
      rules: rules.map((rule, index) => ({ name: `r${index}`, ...rule })),
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  await bridge.start();
  return bridge;
}

const publish = (topic: string, payload: string) => client.publishAsync(topic, payload, { qos: 1 });
const write = (topic: string, key: string, value: string) => recordWriter(kafka.bootstrap, topic, [{ key, value }]);

const records = (topic: string) =>
  kafka.records(topic).map(({ key, value }) => ({ key: key?.toString(), value: value?.toString() }));

/** What came to the end of each sink, sorted. */
const arrived = {
  kafka: () => records('out').map(({ value }) => value),
  mqtt: () => heard.map(({ payload }) => payload),
};

const sinks = {
  kafka: (value: string) => ({ kafka: { topic: 'out', value } }),
  mqtt: (payload: string) => ({ mqtt: { topic: 'out/1', payload } }),
};

/** A rule's SQL, what of it the sink sends, what is put in, and what has to come out. */
const sources = {
  mqtt: {
    sql: 'SELECT payload FROM "in/{id}"',
    sent: '${payload} of ${id}',
    feed: () => publish('in/a', 'x'),
    gives: ['x of a'],
  },
  kafka: {
    sql: 'SELECT * FROM "$kafka/in"',
    sent: '${value} of ${key}',
    feed: () => write('in', 'k', 'x'),
    gives: ['x of k'],
  },
  'a pattern over Kafka topics': {
    sql: 'SELECT *, nr FROM "$kafka/in{nr}"',
    sent: '${value} of ${nr}',
    feed: () => write('in2', 'k', 'x'),
    gives: ['x of 2'],
  },
  'rows of windows over messages': {
    sql: 'SELECT id, COUNT(*) AS n FROM "in/{id}" GROUP BY id, TUMBLING(1s)',
    sent: '${id}: ${n}',
    feed: () => publish('in/a', '{}'),
    gives: ['a: 1'],
  },
  'rows of windows over records': {
    sql: 'SELECT key, COUNT(*) AS n FROM "$kafka/in" GROUP BY key, TUMBLING(1s)',
    sent: '${n}',
    feed: () => write('in', 'k', '{}'),
    gives: ['1'],
  },
  events: {
    sql: 'SELECT event FROM "$events/bridge/mqtt_connected"',
    sent: '${event}',
    feed: async () => undefined,
    gives: ['bridge.mqtt_connected'],
  },
} as const;

/** So that there is an MQTT session whose connection is an event. */
const listener: TestRule = { sql: 'SELECT payload FROM "unused"', sinks: [{ kafka: { topic: 'out2' } }] };

const cells = (['kafka', 'mqtt'] as const).flatMap(sink =>
  (Object.keys(sources) as (keyof typeof sources)[]).map(source => [source, sink] as const),
);

describe('a rule goes', () => {
  test.each(cells)('from %s to %s', async (source, sink) => {
    const { sql, sent, feed, gives } = sources[source];
    await start({ sql, sinks: [sinks[sink](sent)] }, listener);
    await feed();
    await until('what comes out', () => arrived[sink]().length === gives.length);
    expect(arrived[sink]()).toEqual(gives);
    await until('everything to be settled', () => bridge!.missing().length === 0 && inFlight() === 0);
  });

  test('from MQTT and Kafka at once, to both, each message settled once', async () => {
    const sql = 'SELECT coalesce(payload, value) AS text FROM "in/#", "$kafka/in"';
    await start({ sql, sinks: [sinks.kafka('${text}'), sinks.mqtt('${text}')] });
    await publish('in/a', 'from MQTT');
    await write('in', 'k', 'from Kafka');
    await until('both to come out twice', () => arrived.kafka().length === 2 && arrived.mqtt().length === 2);
    for (const at of Object.values(arrived)) expect(at().toSorted()).toEqual(['from Kafka', 'from MQTT']);
    await until('everything to be settled', () => inFlight() === 0);
    const { mqttSource, kafkaSource } = bridge!;
    expect([mqttSource!.account.count('delivered'), kafkaSource!.account.count('delivered')]).toEqual([1, 1]);
    // Each sink may hold as much: with the limit of one, the dashboard showed a buffer of more than 100 %.
    expect(bridge!.bufferLimitBytes).toBe(2 * 64 * 1024 * 1024);
  });

  test('from MQTT and Kafka in turns, where each message has to wait for jq', async () => {
    // MQTT was not read before a backlog in Kafka had gone through the rule that both feed: commands came hours late.
    const backlog = Array.from({ length: 1000 }, () => ({ key: 'k', value: '{"from": "Kafka"}' }));
    await recordWriter(kafka.bootstrap, 'in', backlog);
    const sql = `SELECT jq('.from', coalesce(payload, value), 30000)[1] AS origin FROM "in/#", "$kafka/in"`;
    await start({ sql, sinks: [sinks.kafka('${origin}')] });
    await until('the first to come out', () => arrived.kafka().length > 0, { everyMs: 1 });
    await publish('in/a', '{"from": "MQTT"}');
    await until('all to come out', () => arrived.kafka().length === 1001);
    expect(arrived.kafka().indexOf('MQTT')).toBeLessThan(1000);
  });

  test('with one source to many, and with many to one', async () => {
    await start(
      { sql: 'SELECT * FROM "$kafka/in", "$kafka/in2"', sinks: [sinks.kafka('one: ${value}')] },
      { sql: 'SELECT * FROM "$kafka/in"', sinks: [sinks.kafka('two: ${value}'), sinks.mqtt('two: ${value}')] },
    );
    await write('in', 'k', 'a');
    await write('in2', 'k', 'b');
    await until('all', () => arrived.kafka().length === 3 && arrived.mqtt().length === 1);
    expect([arrived.kafka().toSorted(), arrived.mqtt()]).toEqual([['one: a', 'one: b', 'two: a'], ['two: a']]);
  });
});

describe('a message that cannot be sent to MQTT', () => {
  test.each([
    ['MQTT', 'SELECT payload FROM "in/#"', () => publish('in/a', 'x')],
    ['Kafka', 'SELECT * FROM "$kafka/in"', () => write('in', 'k', 'x')],
  ])('is a dead letter wherever it came from: %s', async (_source, sql, feed) => {
    await start({ sql, sinks: [{ mqtt: { topic: 'out/#', payload: 'y' } }, sinks.mqtt('z')] });
    await feed();
    await until('both outcomes', () => records('dead').length === 1 && heard.length === 1);
    expect([records('dead')[0]!.value, arrived.mqtt()]).toEqual(['x', ['z']]);
    await until('it to be settled', () => inFlight() === 0);
  });
});

test('a sink that does not keep up pauses the sources of its own rules, and no others', async () => {
  await start(
    { sql: 'SELECT payload FROM "in/#"', sinks: [sinks.mqtt('${payload}')] },
    { sql: 'SELECT * FROM "$kafka/in"', sinks: [{ kafka: { topic: 'out', value: '${value}' } }] },
  );
  await broker.stop();
  for (let number = 0; number < 100; number++) await write('in', 'k', `${number}`);
  await until('records to go on while MQTT is down', () => arrived.kafka().length === 100);
  expect(arrived.kafka()).toEqual(Array.from({ length: 100 }, (_, number) => `${number}`));
});

test('dead letters that cannot be written pause the source of their messages', async () => {
  // From MQTT to MQTT, with Kafka down and QoS 0, failing messages piled up in memory until there was none left.
  maxBytes = '1MiB';
  await start({ sql: 'SELECT payload.x AS x FROM "in/#"', sinks: [sinks.mqtt('${x}')] });
  await kafka.stop();
  for (let number = 0; number < 100; number++) await client.publishAsync('in/a', 'x'.repeat(100_000), { qos: 0 });
  await until('reading to pause', () => bridge!.sources.some(({ pausedSeconds }) => pausedSeconds > 0.2));
  expect(bridge!.bufferedBytes).toBeLessThan(3 * 1024 * 1024);
});

// Rows of windows and events had no account of their own, and records another one than messages.
test('the account of each source adds up at every scrape, and says what became of its messages', async () => {
  const running = await start(
    { name: 'mqtt', sql: 'SELECT payload.n AS n FROM "in/#" WHERE payload.n <> 2', sinks: [sinks.kafka('${n}')] },
    { name: 'kafka', sql: 'SELECT value.n AS n FROM "$kafka/in" WHERE value.n <> 2', sinks: [sinks.mqtt('${n}')] },
    {
      name: 'windows',
      sql: 'SELECT payload.n AS n, COUNT(*) AS count FROM "in/#" GROUP BY payload.n, TUMBLING(1s)',
      sinks: [sinks.kafka('${n}: ${count}')],
    },
    { name: 'events', sql: 'SELECT rule, reason FROM "$events/message/dead_lettered"', sinks: [sinks.mqtt('${rule}')] },
  );
  const registry = new Registry();
  registerMetrics(registry, () => [running]);
  const scrape = async () => {
    const metrics = new Metrics(await registry.metrics());
    expect(metrics.unbalanced).toEqual([]);
    return metrics;
  };
  expect((await scrape()).sources).toEqual(['mqtt', 'kafka', 'events', 'windows']);
  for (const payload of ['{"n": 1}', '{"n": 2}', 'no JSON']) {
    await publish('in/a', payload);
    await write('in', 'k', payload);
    await scrape();
  }
  await until('all to have an outcome', async () => {
    const metrics = await scrape();
    const settled =
      metrics.sum('mkb_messages_in_flight') === 0 && metrics.sum('mkb_messages_received_total', 'kafka') === 3;
    return settled && ['windows', 'events'].every(source => metrics.sum('mkb_messages_delivered_total', source) > 0);
  });
  const metrics = await scrape();
  const of = (name: string) => ['mqtt', 'kafka'].map(source => metrics.sum(`mkb_messages_${name}_total`, source));
  expect([of('received'), of('delivered'), of('dead_lettered'), of('dropped')]).toEqual([
    [3, 3],
    [1, 1],
    [1, 0],
    [1, 2],
  ]);
  expect(metrics.sum('mkb_delivery_seconds_count', 'windows')).toBe(
    metrics.sum('mkb_messages_delivered_total', 'windows'),
  );
});

function inFlight(): number {
  const { mqttSource, kafkaSource, windows, events } = bridge!;
  return [mqttSource, kafkaSource, windows, events].reduce((sum, part) => sum + (part?.account.inFlight ?? 0), 0);
}
