import { Kafka, logLevel } from 'kafkajs';
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../../bridge/main.ts';
import { registerMetrics } from '../../../bridge/observe/metrics.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { freePort, freePorts } from '../../real/ports.ts';
import { until } from '../../real/until.ts';
import { Metrics } from '../../support/metrics.ts';
import { ScriptedServer } from '../mqtt/support/scripted-server.ts';
import { recordWriter } from '../support/record-writer.ts';

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
  broker = await startEmbeddedMqtt({ port: await freePort() });
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

async function start(spec: Record<string, unknown> = {}, ordinal = 0): Promise<Bridge> {
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
  const log = pino({ level: 'silent' });
  const bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log, ordinal });
  bridges.push(bridge);
  await bridge.start();
  return bridge;
}

const write = (records: readonly { key?: string; value: string | null }[]) =>
  recordWriter(kafka.bootstrap, 'commands', records);

const payloads = () => heard.map(({ payload }) => payload);

describe('a record becomes an MQTT message', () => {
  test('whose topic is made of its key', async () => {
    const bridge = await start();
    await until('it to be ready', () => bridge.missing().length === 0);
    await write([{ key: 'v1', value: 'lock' }]);
    await until('the message', () => heard.length === 1);
    expect(heard).toEqual([{ topic: 'vehicles/v1/commands', payload: 'lock' }]);
  });

  test('of what the rule selects, and only if WHERE says so', async () => {
    const sql = `SELECT value.command AS command, headers.source AS source, offset FROM "$kafka/commands" WHERE value.urgent = true`;
    await start({ rules: [{ name: 'urgent', sql, sinks: [{ mqtt: { topic: 'out' } }] }] });
    const value = (urgent: boolean) => JSON.stringify({ command: 'stop', urgent });
    await recordWriter(kafka.bootstrap, 'commands', [
      { value: value(false), partition: 0 },
      { value: value(true), partition: 0, headers: { source: 'hq' } },
    ]);
    await until('the message', () => heard.length === 1);
    expect(JSON.parse(payloads()[0]!)).toEqual({ command: 'stop', source: 'hq', offset: 1 });
  });

  test('in the order of its partition, and with QoS 0 too', async () => {
    const sinks = [{ mqtt: { topic: 'out', payload: '${value}', qos: 0 } }];
    await start({ rules: [{ ...commands, sinks }] });
    const values = Array.from({ length: 500 }, (_, number) => `${number}`);
    await write(values.map(value => ({ key: 'one', value })));
    await until('all messages', () => heard.length === values.length);
    expect(payloads()).toEqual(values);
  });

  test('and a tombstone one without payload', async () => {
    await start();
    await write([{ key: 'v1', value: null }]);
    await until('the message', () => heard.length === 1);
    expect(payloads()).toEqual(['']);
  });
});

describe('a record that makes no message', () => {
  test('is a dead letter with its story, and those after it go on', async () => {
    const bridge = await start();
    await recordWriter(kafka.bootstrap, 'commands', [
      { key: 'a+b', value: 'poison', partition: 1, headers: { trace: 't' } },
      { key: 'v1', value: 'good', partition: 1 },
    ]);
    await until('the dead letter', () => kafka.records('dead').length === 1);
    await until('the message', () => heard.length === 1);
    const [letter] = kafka.records('dead');
    expect([letter?.key?.toString(), letter?.value?.toString()]).toEqual(['a+b', 'poison']);
    const headers = Object.fromEntries(letter!.headers.map(([name, value]) => [String(name), String(value)]));
    expect(headers).toMatchObject({
      trace: 't',
      'mkb.error.code': 'mqtt-topic-invalid',
      'mkb.rule': 'commands',
      'kafka.topic': 'commands',
      'kafka.partition': '1',
      'kafka.offset': '0',
    });
    await until('no record in flight', () => bridge.kafkaSource!.account.inFlight === 0);
    const { account } = bridge.kafkaSource!;
    expect([account.received, account.count('delivered'), account.count('dead_lettered')]).toEqual([2, 1, 1]);
  });

  test('is dropped and counted where there is no dead-letter topic', async () => {
    const bridge = await start({ delivery: {} });
    await write([{ key: '#', value: 'poison' }]);
    await until('the drop', () => bridge.kafkaSource!.account.count('rule_failed') === 1);
    await until('its offset', async () => (await committed()) === 1);
  });
});

describe('offsets', () => {
  test('are committed when the bridge stops, and reading goes on there', async () => {
    const first = await start();
    await write([{ key: 'v1', value: '1' }]);
    await until('the message', () => heard.length === 1);
    await first.stop();
    expect(await committed()).toBe(1);
    await write([{ key: 'v1', value: '2' }]);
    await start();
    await until('the second', () => heard.length === 2);
    expect(payloads()).toEqual(['1', '2']);
  });

  test('are not committed before the broker has acknowledged, not even when the bridge stops', async () => {
    const server = await ScriptedServer.start(4);
    const bridge = start({ mqtt: { url: server.url, version: '3.1.1' }, delivery: { shutdownTimeout: '100ms' } });
    const peer = await server.accept();
    await peer.next();
    peer.connack();
    await bridge;
    await write([
      { key: 'v1', value: '1' },
      { key: 'v1', value: '2' },
      { key: 'v1', value: '3' },
    ]);
    expect(await peer.take(3)).toEqual(['publish 1', 'publish 2', 'publish 3']);
    peer.send({ cmd: 'puback', messageId: 1 }, { cmd: 'puback', messageId: 3 });
    await until('the first offset', async () => (await committed()) === 1);
    await (await bridge).stop();
    expect(await committed()).toBe(1);
    const { account } = (await bridge).kafkaSource!;
    expect([account.received, account.count('delivered'), account.returned, account.inFlight]).toEqual([3, 2, 1, 0]);
    await server.stop();
  });

  test('of a group that begins with the latest are remembered at once, so that nothing is skipped after a crash', async () => {
    const latest = { kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'latest' } } };
    await write([{ key: 'v1', value: 'old' }]);
    const first = await start(latest);
    await until('the offsets of both partitions', async () => (await offsets()).every(offset => offset >= 0));
    await first.stop();
    await write([{ key: 'v1', value: 'new' }]);
    await start(latest);
    await until('the message', () => heard.length > 0);
    expect(payloads()).toEqual(['new']);
  });
});

describe('replicas', () => {
  const shared = () => ({ mqtt: { url: broker.url, version: '3.1.1', share: 'b' } });

  test('share the partitions, and take over those of one that stops', async () => {
    const first = await start(shared());
    expect(first.kafkaSource!.partitions.length).toBe(2);
    const second = await start(shared(), 1);
    await until(
      'one partition each',
      () => first.kafkaSource!.partitions.length === 1 && second.kafkaSource!.partitions.length === 1,
    );
    await write(['a', 'b', 'c', 'd', 'e'].map(key => ({ key, value: key })));
    await until('all messages', () => heard.length === 5);
    await second.stop();
    await until('both partitions to be back', () => first.kafkaSource!.partitions.length === 2);
    await write(['a', 'b', 'c', 'd', 'e'].map(key => ({ key, value: key })));
    await until('all messages', () => heard.length === 10);
  });
});

test('a topic that does not exist is an error at the start', async () => {
  const rule = { ...commands, sql: 'SELECT * FROM "$kafka/nowhere"' };
  await expect(start({ rules: [rule] })).rejects.toMatchObject({
    code: 'kafka-unknown-topic',
    details: { topic: 'nowhere' },
  });
});

// A group that begins at the end was ready, and skipped what was written until Kafka had said where that is.
test('it is not ready before it knows where it begins, and misses nothing that is written after', async () => {
  const answer = Promise.withResolvers<void>();
  kafka.faults.add({ api: 'ListOffsets', until: answer.promise, times: Number.POSITIVE_INFINITY });
  const consumer = { offsetReset: 'latest' };
  const bridge = await start({ kafka: { bootstrapServers: [kafka.bootstrap], consumer } });
  await until('it to be in its group', () => bridge.kafkaSource!.joined);
  expect(bridge.missing()).toEqual(['the consumer does not know its offsets']);
  answer.resolve();
  await until('it to be ready', () => bridge.missing().length === 0);
  await write([{ key: 'v1', value: 'new' }]);
  await until('the message', () => payloads().includes('new'));
});

test('it is not ready while the MQTT broker is away', async () => {
  const bridge = await start();
  await until('it to be ready', () => bridge.missing().length === 0);
  await subscriber.endAsync(true);
  await broker.stop();
  const missing = ['the publisher is not connected to MQTT'];
  await until('it to notice', () => bridge.missing().length === missing.length);
  expect(bridge.missing()).toEqual(missing);
  broker = await startEmbeddedMqtt({ port: broker.port });
  await until('it to be back', () => bridge.missing().length === 0);
});

test('one document has rules from MQTT to Kafka and from Kafka to MQTT', async () => {
  const up = { name: 'up', sql: 'SELECT payload FROM "v/{id}"', sinks: [{ kafka: { topic: 'dead' } }] };
  const bridge = await start({ rules: [commands, up] });
  await subscriber.publishAsync('v/1', 'up', { qos: 1 });
  await write([{ key: 'v1', value: 'down' }]);
  await until('the record', () => kafka.records('dead').length === 1);
  await until('the message', () => payloads().includes('down'));
  expect(bridge.rules.map(({ name, matched }) => [name, matched])).toEqual([
    ['commands', 1],
    ['up', 1],
  ]);
});

test('metrics of records are there, and add up', async () => {
  const bridge = await start();
  await write([
    { key: 'v1', value: '1' },
    { key: '+', value: '2' },
  ]);
  await until(
    'both outcomes',
    () => bridge.kafkaSource!.account.received === 2 && bridge.kafkaSource!.account.inFlight === 0,
  );
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  const metrics = new Metrics(await registry.metrics());
  const sums = ['received_total', 'delivered_total', 'dead_lettered_total', 'in_flight'].map(name =>
    metrics.sum(`mkb_messages_${name}`, 'kafka'),
  );
  expect(sums).toEqual([2, 1, 1, 0]);
  expect(metrics.unbalanced).toEqual([]);
  expect([metrics.sum('mkb_consumer_partitions'), metrics.sum('mkb_publisher_connected')]).toEqual([2, 1]);
  expect(metrics.sum('mkb_mqtt_connected')).toBe(1);
});

/** Offsets of the group, by partition; -1 for none. */
async function offsets(): Promise<number[]> {
  const admin = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const [topic] = await admin.fetchOffsets({ groupId: 'b', topics: ['commands'] });
  await admin.disconnect();
  return topic!.partitions.map(({ offset }) => Number(offset));
}

/** All offsets of the group together. */
const committed = async () => (await offsets()).reduce((sum, offset) => sum + Math.max(0, offset), 0);

test('a leader to read from that cannot be reached is named with its address', async () => {
  // The group was joined and nothing was ever read: /readyz was 200.
  await kafka.stop();
  kafka = await startEmbeddedKafka({ autoCreateTopics: false, nodes: 2 });
  for (const name of ['commands', 'dead']) kafka.cluster.createTopic(name, 1);
  kafka.cluster.moveLeader('commands', 0, 2);
  kafka.cluster.moveLeader('dead', 0, 1);
  const node = kafka.cluster.node(2);
  const { port } = node;
  const [closed] = await freePorts(1);
  Object.defineProperty(node, 'port', { value: closed, configurable: true });
  const bootstrapServers = kafka.bootstrap.split(',');
  const bridge = await start({ kafka: { bootstrapServers, consumer: { offsetReset: 'earliest' } } });
  const named = new RegExp(`commands is led at 127.0.0.1:${closed}, .*advertised.listeners`);
  await until('it to be named', () => named.test(bridge.missing().join('\n')));
  expect(bridge.kafkaConnected).toBe(false);
  Object.defineProperty(node, 'port', { value: port, configurable: true });
  await write([{ key: 'v1', value: 'lock' }]);
  await until('the message', () => heard.length === 1);
  await until('it to be ready', () => bridge.missing().length === 0);
});
