/** What became of a command, as a record: one for each, written before the command's offset is committed. */
import { randomBytes } from 'node:crypto';
import type { IPublishPacket } from 'mqtt-packet';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../bridge/main.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../demo/embedded/kafka.ts';
import { until } from '../real/until.ts';
import { type Greeting, type Peer, ScriptedServer } from './mqtt/support/scripted-server.ts';
import { recordWriter } from './support/record-writer.ts';

let kafka: EmbeddedKafka;
let server: ScriptedServer;
let bridge: Bridge | undefined;

beforeEach(async () => {
  const topics = ['commands', 'outcomes', 'dead'].map(name => ({ name, partitions: 1 }));
  kafka = await startEmbeddedKafka({ autoCreateTopics: false, topics });
  server = await ScriptedServer.start();
});

afterEach(async () => {
  await bridge?.stop();
  bridge = undefined;
  await server.stop();
  await kafka.stop();
});

/** Starts a bridge and returns the server's end of its connection. */
async function start(sink: object, mqtt: object = {}, greeting: Greeting = {}): Promise<Peer> {
  const document = completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'b' },
    spec: {
      mqtt: { url: server.url, version: '5', reconnect: { minDelay: '10ms', maxDelay: '20ms' }, ...mqtt },
      kafka: { bootstrapServers: [kafka.bootstrap], consumer: { offsetReset: 'earliest' } },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } }, shutdownTimeout: '1s' },
      rules: [
        {
          name: 'commands',
          sql: 'SELECT * FROM "$kafka/commands"',
          sinks: [{ mqtt: { topic: 'car/${key}', payload: '${value}', ...sink } }],
        },
      ],
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  const starting = bridge.start();
  const asks = (sink as { outcome?: { answerWithin?: string } }).outcome?.answerWithin !== undefined;
  const peer = await greet(asks, greeting);
  await starting;
  return peer;
}

/** Lets the bridge in; takes its SUBSCRIBE, if it wants answers. */
async function greet(asks: boolean, greeting: Greeting): Promise<Peer> {
  const peer = await server.accept();
  await peer.next();
  peer.connack(greeting);
  if (asks) await peer.suback();
  return peer;
}

const command = (key: string, value = 'x') => recordWriter(kafka.bootstrap, 'commands', [{ key, value }]);

const published = async (peer: Peer) => (await peer.next()) as IPublishPacket;

const puback = (peer: Peer, { messageId }: IPublishPacket, reasonCode = 0) =>
  peer.send({ cmd: 'puback', messageId, reasonCode });

/** Answers as a device does. */
function answer(peer: Peer, { properties }: IPublishPacket, payload: Buffer | string, more = {}): void {
  const { responseTopic: topic, correlationData } = properties!;
  peer.send({
    cmd: 'publish',
    topic,
    payload,
    qos: 1,
    messageId: 7,
    dup: false,
    retain: false,
    properties: { correlationData, ...more },
  });
}

const outcomes = () =>
  kafka.records('outcomes').map(({ key, value }) => ({ key: key?.toString(), ...JSON.parse(value!.toString()) }));

const one = async () => {
  await until('the outcome', () => outcomes().length > 0);
  return outcomes();
};

const settledAs = async () => {
  const { account } = bridge!.kafkaSource!;
  await until('the command to be settled', () => account.inFlight === 0);
  return (['delivered', 'dead_lettered', 'expired'] as const).filter(outcome => account.count(outcome) > 0);
};

const of = (outcome: string, more: object = {}) => ({
  key: '1',
  outcome,
  rule: 'commands',
  topic: 'car/1',
  kafka_topic: 'commands',
  kafka_partition: 0,
  kafka_offset: 0,
  ...more,
});

const toOutcomes = { outcome: { topic: 'outcomes' } };
const within = (answerWithin: string) => ({ outcome: { topic: 'outcomes', answerWithin } });

describe('a command', () => {
  test.each([
    ['is taken by the server', 0, {}, 'taken', 'delivered'],
    ['has nobody to hear it', 0x10, {}, 'nobody', 'delivered'],
    ['has nobody to hear it, and is not waited for', 0x10, within('20s'), 'nobody', 'delivered'],
  ] as const)('%s', async (_, reasonCode, more, outcome, settled) => {
    const peer = await start({ ...toOutcomes, ...more });
    await command('1');
    puback(peer, await published(peer), reasonCode);
    expect(await one()).toEqual([of(outcome)]);
    expect(await settledAs()).toEqual([settled]);
  });

  test('of QoS 2 is taken at PUBCOMP', async () => {
    const peer = await start({ ...toOutcomes, qos: 2 }, { clientId: 'c' });
    peer.send();
    await command('1');
    const { messageId } = await published(peer);
    peer.send({ cmd: 'pubrec', messageId, reasonCode: 0 });
    expect(await peer.take(1)).toEqual([`pubrel ${messageId}`]);
    expect(outcomes()).toEqual([]);
    peer.send({ cmd: 'pubcomp', messageId, reasonCode: 0 });
    expect(await one()).toEqual([of('taken')]);
  });

  test('is refused by the server: it is a dead letter, and has its outcome', async () => {
    const peer = await start(toOutcomes);
    await command('1');
    puback(peer, await published(peer), 0x87);
    expect(await one()).toEqual([of('refused', { reason: expect.stringMatching(/not authorised/) })]);
    expect(await settledAs()).toEqual(['dead_lettered']);
  });

  test('of which no message can be made is refused as well', async () => {
    await start(toOutcomes);
    await command('#');
    const [found] = await one();
    expect(found).toMatchObject({ key: '#', outcome: 'refused', kafka_offset: 0 });
    expect(await settledAs()).toEqual(['dead_lettered']);
  });

  test('is too late before it is sent', async () => {
    await start({ ...toOutcomes, messageExpiry: '0' });
    await command('1');
    expect(await one()).toEqual([of('too_late', { reason: 'its expiry was over' })]);
    expect(await settledAs()).toEqual(['expired']);
  });

  test.each([
    ['after', true],
    ['before', false],
  ])('is answered %s the server has acknowledged it', async (_, first) => {
    const peer = await start(within('20s'));
    await command('1');
    const packet = await published(peer);
    expect(packet.properties!.responseTopic).toBe('answers/b-out');
    if (first) puback(peer, packet);
    answer(peer, packet, '{"done": true}', { contentType: 'application/json', userProperties: { a: 'b' } });
    expect(await peer.take(1)).toEqual(['puback 7']);
    if (!first) puback(peer, packet);
    const properties = { content_type: 'application/json', user_properties: [{ key: 'a', value: 'b' }] };
    expect(await one()).toEqual([of('answered', { answer: { payload: '{"done": true}', ...properties } })]);
    expect(await settledAs()).toEqual(['delivered']);
  });

  test('is answered with bytes', async () => {
    const peer = await start(within('20s'));
    await command('1');
    const packet = await published(peer);
    puback(peer, packet);
    answer(peer, packet, Buffer.of(0xff, 0));
    expect(await one()).toEqual([of('answered', { answer: { payload_base64: '/wA=' } })]);
  });

  test('is answered with more than the bridge takes: the beginning is kept, and that is said', async () => {
    const peer = await start(within('20s'), { maximumPacketSize: '1KiB' });
    await command('1');
    const packet = await published(peer);
    puback(peer, packet);
    answer(peer, packet, 'x'.repeat(100_000));
    const [found] = await one();
    expect(found.outcome).toBe('answered');
    expect(found.answer.truncated_from_bytes).toBe(100_000);
    expect(found.answer.payload.length).toBeLessThan(100_000);
  });

  // It was a dead letter, as if it had not been done, and nobody heard of the answer.
  test.each([
    ['bytes', randomBytes(900_000), {}],
    ['properties', 'x', { userProperties: { a: [...Array(40)].map(() => randomBytes(30_000).toString('base64')) } }],
  ])('is answered with %s that the topic does not take: it is answered all the same', async (_, payload, more) => {
    const peer = await start(within('20s'), { maximumPacketSize: '4MiB' });
    await command('1');
    const packet = await published(peer);
    puback(peer, packet);
    answer(peer, packet, payload, { contentType: 'a/b', ...more });
    const rest = { truncated_from_bytes: payload.length, content_type: 'a/b' };
    expect(await one()).toEqual([of('answered', { answer: rest })]);
    expect(await settledAs()).toEqual(['delivered']);
    expect(kafka.records('dead')).toEqual([]);
  });

  test('is not answered in time, and what comes later is counted', async () => {
    const peer = await start(within('50ms'));
    await command('1');
    const packet = await published(peer);
    puback(peer, packet);
    expect(await one()).toEqual([of('too_late', { reason: 'no answer came within 50 ms' })]);
    expect(await settledAs()).toEqual(['delivered']);
    answer(peer, packet, 'late');
    await peer.take(1);
    await until('the late answer to be counted', () => bridge!.mqttSink!.answersUnexpected === 1);
    expect(outcomes()).toHaveLength(1);
  });
});

// Both made commands too late for ever, and the second one ended the process.
test('a new session that the server takes for an old one is subscribed for answers all the same', async () => {
  const peer = await start(within('20s'), {}, { sessionPresent: true });
  await command('1');
  const packet = await published(peer);
  puback(peer, packet);
  answer(peer, packet, 'here');
  expect(await one()).toEqual([of('answered', { answer: { payload: 'here' } })]);
});

test.each([
  ['of a property that nobody knows', Buffer.of(0x7f, 1)],
  ['that are cut off', Buffer.of(0x09, 0, 200, 1)],
  ['of correlation data that are too short to be one of ours', Buffer.of(0x09, 0, 1, 1)],
  ['of no correlation data', Buffer.of(0x03, 0, 1, 0x61)],
])('an answer with properties %s is acknowledged and counted, and the next one is heard', async (_, properties) => {
  const peer = await start(within('20s'));
  await command('1');
  const packet = await published(peer);
  puback(peer, packet);
  const topic = Buffer.from('answers/b-out');
  const body = Buffer.concat([Buffer.of(0, topic.length), topic, Buffer.of(0, 9, properties.length), properties]);
  peer.write(Buffer.concat([Buffer.of(0x32, body.length), body]));
  expect(await peer.take(1)).toEqual(['puback 9']);
  expect(bridge!.mqttSink!.answersUnexpected).toBe(1);
  answer(peer, packet, 'here');
  expect(await one()).toEqual([of('answered', { answer: { payload: 'here' } })]);
});

test('answers find their commands, in whatever order they come', async () => {
  const peer = await start(within('20s'));
  const keys = ['1', '2', '3', '4'];
  for (const key of keys) await command(key);
  const packets: IPublishPacket[] = [];
  for (const _ of keys) packets.push(await published(peer));
  for (const packet of packets) puback(peer, packet);
  for (const packet of packets.toReversed()) answer(peer, packet, `to ${packet.payload} ${packet.topic}`);
  await until('all outcomes', () => outcomes().length === keys.length);
  for (const { key, answer: got } of outcomes()) expect(got.payload).toBe(`to x car/${key}`);
});

test('no more than the Receive Maximum of the document wait for answers, and others go on when these are settled', async () => {
  const peer = await start(within('100ms'), { receiveMaximum: 2 });
  const keys = Array.from({ length: 8 }, (_, index) => `${index}`);
  await recordWriter(
    kafka.bootstrap,
    'commands',
    keys.map(key => ({ key, value: 'x' })),
  );
  for (const _ of keys) {
    const packet = await published(peer);
    expect(bridge!.mqttSink!.answersWaiting).toBeLessThanOrEqual(2);
    puback(peer, packet);
  }
  await until('all outcomes', () => outcomes().length === keys.length);
  expect(outcomes().map(({ outcome }) => outcome)).toEqual(keys.map(() => 'too_late'));
});

test('an answer comes over another connection than the command, in the session that is kept', async () => {
  const first = await start(within('20s'));
  await command('1');
  const packet = await published(first);
  puback(first, packet);
  await until('the acknowledgement', () => bridge!.mqttSink!.waiting(() => true)?.startsWith('an answer') === true);
  first.cut();
  const second = await server.accept();
  await second.next();
  second.connack({ sessionPresent: true });
  answer(second, packet, 'here');
  expect(await one()).toEqual([of('answered', { answer: { payload: 'here' } })]);
});

test('the offset of a command is committed after its outcome is in Kafka', async () => {
  const peer = await start(within('20s'));
  await command('1');
  puback(peer, await published(peer));
  await until('the acknowledgement', () => bridge!.mqttSink!.waiting(() => true)?.startsWith('an answer') === true);
  expect(bridge!.kafkaSource!.account.inFlight).toBe(1);
  // The process dies: the next one sends the command again, and writes its outcome.
  await bridge!.stop();
  expect(outcomes()).toEqual([]);
  const again = await start(within('20s'));
  const packet = await published(again);
  puback(again, packet);
  answer(again, packet, 'done');
  expect(await one()).toEqual([of('answered', { answer: { payload: 'done' } })]);
});
