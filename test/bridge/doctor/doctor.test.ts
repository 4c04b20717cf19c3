import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Aedes } from 'aedes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Check } from '../../../bridge/doctor/check.ts';
import { examine } from '../../../bridge/doctor/doctor.ts';
import { faultsOf } from '../../../bridge/doctor/kafka-topics.ts';
import { allows, operation } from '../../../bridge/doctor/operations.ts';
import { createLog } from '../../../bridge/observe/log.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { documentOf, load } from '../../api/support/documents.ts';

let kafka: EmbeddedKafka;
let broker: Aedes;
let server: Server;
let mqttUrl: string;
let folder: string;
const clients: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'mkb-doctor-'));
  const topics = ['cars', 'insync'].map(name => ({ name, partitions: 2 }));
  kafka = await startEmbeddedKafka({ topics, autoCreateTopics: false });
  const insync = kafka.cluster.topic('insync')!;
  Object.assign(insync, { settings: { ...insync.settings, 'min.insync.replicas': 2 } });
  broker = await Aedes.createBroker();
  broker.authenticate = (_client, username, _password, done) => {
    const wrong = Object.assign(new Error('no'), { returnCode: 5 });
    if (username === 'stranger') done(wrong as never, false);
    else done(null, true);
  };
  broker.authorizeSubscribe = (_client, subscription, done) =>
    done(null, subscription.topic.startsWith('secret') ? null : subscription);
  broker.on('client', ({ id }) => clients.push(id));
  server = createServer(broker.handle);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  mqttUrl = `mqtt://127.0.0.1:${(server.address() as { port: number }).port}`;
});

afterAll(async () => {
  server.close();
  await Promise.all([new Promise<void>(resolve => broker.close(resolve)), kafka.stop()]);
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

interface Changes {
  readonly mqtt?: object;
  readonly kafka?: object;
  readonly sink?: object;
  readonly from?: string;
  readonly delivery?: object;
}

const look = async ({
  mqtt,
  kafka: kafkaSpec,
  sink,
  from = '"cars/{vin}"',
  delivery,
}: Changes = {}): Promise<Check[]> => {
  const rule = {
    name: 'all',
    sql: `SELECT payload FROM ${from}`,
    sinks: [{ kafka: { topic: 'cars', key: 'k', ...sink } }],
  };
  const { documents, problems } = load(
    documentOf({
      mqtt: { url: mqttUrl, version: '3.1.1', connectTimeout: '30s', ...mqtt },
      kafka: { bootstrapServers: [kafka.bootstrap], ...kafkaSpec },
      rules: [rule],
      ...(delivery && { delivery }),
    }),
  );
  expect(problems).toEqual([]);
  const checks: Check[] = [];
  const options = { secrets: { secretsDir: folder }, log: createLog('silent') };
  for await (const check of examine(documents[0]!.document, options)) checks.push(check);
  return checks;
};

const wrong = (checks: readonly Check[]): unknown[] =>
  checks
    .filter(({ state }) => state !== 'ok')
    .map(({ name, state, code, remedy }) => [name, state, code, remedy !== undefined]);

it('a bridge that lacks nothing has a line for each thing that it needs, and nothing is left behind', async () => {
  const before = clients.length;
  const checks = await look({
    kafka: { topics: [{ name: 'new', partitions: 1 }] },
    delivery: { onFailure: { deadLetter: { topic: 'new' } } },
  });
  expect(checks.map(({ name, state, detail }) => [name, state, detail])).toEqual([
    ['secrets and certificates', 'ok', 'can be read'],
    [`MQTT ${mqttUrl}`, 'ok', 'lets us in, speaks MQTT 3.1.1'],
    ['MQTT subscription cars/+', 'ok', `granted with QoS 1 by ${mqttUrl}`],
    [`Kafka ${kafka.bootstrap}`, 'ok', 'answers, and lets us in'],
    ['Kafka topic cars', 'ok', 'may be used, 2 partitions'],
    ['Kafka topic new', 'ok', 'does not exist yet: the bridge makes it'],
  ]);
  // A bridge that runs keeps its session: ours have other ids.
  for (const id of clients.slice(before)) expect(id).toMatch(/-doctor-[0-9a-f]{8}$/);
  expect(kafka.cluster.topic('new')).toBeUndefined();
});

const refused = 'mqtt://127.0.0.1:1';

it.each<[string, Changes, () => unknown[]]>([
  [
    'an MQTT server that is down',
    { mqtt: { url: refused } },
    () => [[`MQTT ${refused}`, 'failed', 'mqtt-connect-failed', true]],
  ],
  [
    'a login that MQTT refuses',
    { mqtt: { auth: { username: 'stranger', password: { value: 'x' } } } },
    () => [[`MQTT ${mqttUrl}`, 'failed', 'mqtt-not-authorised', true]],
  ],
  [
    'a filter that MQTT refuses',
    { from: '"cars/#", "secret/#"' },
    () => [['MQTT subscription secret/#', 'failed', 'mqtt-subscription-refused', true]],
  ],
  [
    'a bootstrap server that is down',
    { kafka: { bootstrapServers: ['127.0.0.1:1'] } },
    () => [['Kafka 127.0.0.1:1', 'failed', 'kafka-unreachable', true]],
  ],
  [
    'a topic that is missing',
    { sink: { topic: 'nope' } },
    () => [['Kafka topic nope', 'failed', 'kafka-unknown-topic', true]],
  ],
  [
    'a topic that can have no replicas in sync',
    { sink: { topic: 'insync' } },
    () => [['Kafka topic insync', 'failed', 'kafka-insync-impossible', true]],
  ],
  [
    'a secret that is missing',
    { mqtt: { auth: { username: 'u', password: { valueFrom: { env: 'MKB_TEST_NOT_SET' } } } } },
    () => [['secrets and certificates', 'failed', 'secret-unreadable', true]],
  ],
  [
    'a folder that is a file',
    { delivery: { buffer: { mode: 'disk', path: path.join(import.meta.filename, 'buffer') } } },
    () => [[expect.stringContaining('buffer '), 'failed', 'buffer-unusable', true]],
  ],
])('%s is found with its remedy, and nothing else', async (_, changes, expected) => {
  expect(wrong(await look(changes))).toEqual(expected());
});

it('an address that a broker advertises and nobody reaches is found', async () => {
  const far = await startEmbeddedKafka({ topics: [{ name: 'cars', partitions: 1 }], nodes: 2 });
  try {
    Object.defineProperty(far.cluster.nodes[1], 'port', { value: 1 });
    const checks = await look({ kafka: { bootstrapServers: [far.bootstrap.split(',')[0]] } });
    const name = 'Kafka broker 2, advertised as 127.0.0.1:1';
    expect(wrong(checks)).toEqual([[name, 'failed', 'kafka-unreachable', true]]);
  } finally {
    await far.stop();
  }
});

it('a group that may be used is among the checks of a bridge that reads Kafka', async () => {
  const checks = await look({
    from: '"$kafka/cars"',
    sink: { topic: 'insync', key: undefined },
    kafka: { consumer: { groupId: 'g' } },
  });
  expect(checks.filter(({ name }) => name === 'Kafka group g').map(({ state }) => state)).toEqual(['ok']);
  expect(checks.some(({ name }) => name.startsWith('MQTT'))).toBe(false);
});

const use = { topic: 'cars', reads: false, writes: true, keyless: undefined, timed: false, made: false };

it.each([
  [{ keyless: 'r' }, { 'cleanup.policy': 'compact' }, ['failed kafka-keys-wanted']],
  [{ keyless: 'r' }, { 'cleanup.policy': 'delete,compact' }, ['failed kafka-keys-wanted']],
  [{ keyless: 'r' }, { 'cleanup.policy': 'delete' }, []],
  [{}, { 'cleanup.policy': 'compact' }, []],
  [{}, { 'min.insync.replicas': '3' }, ['failed kafka-insync-impossible']],
  [{}, { 'min.insync.replicas': '2' }, []],
  [{ timed: true }, { 'message.timestamp.type': 'LogAppendTime' }, ['warning kafka-times-replaced']],
  [{}, { 'message.timestamp.type': 'LogAppendTime' }, []],
  [{}, { 'max.message.bytes': '1000000' }, ['warning kafka-records-limited']],
  [{}, { 'max.message.bytes': '1048588' }, []],
  [{}, {}, []],
])('a use %j of a topic of two replicas with %j has the faults %j', (more, settings, expected) => {
  const faults = faultsOf({ ...use, ...more }, 2, new Map(Object.entries(settings)), 2 ** 20);
  expect(faults.map(({ state, error }) => `${state} ${error.code}`)).toEqual(expected);
});

it.each([
  [undefined, true],
  [-2_147_483_648, true],
  [1 << 4, true],
  [1 << 3, false],
  [0, false],
])('of the operations %j, WRITE is allowed: %j', (operations, expected) => {
  expect(allows(operations, operation.write)).toBe(expected);
});
