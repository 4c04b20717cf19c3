import { CompressionTypes } from 'kafkajs';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import { settledAccounts } from './under-fault.ts';
import { mkbFor, oracleFor, type Run, runDocument, startWorld, type World } from './world.ts';

interface Letter {
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** The records of a topic, at least one. */
async function letters({ kafka }: World, topic: string): Promise<Letter[]> {
  const found: Letter[] = [];
  const consumer = kafka.client().consumer({ groupId: `${topic}-reader`, maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { value, headers } }) => {
      const pairs = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]);
      found.push({ value: value!, headers: Object.fromEntries(pairs) });
    },
  });
  await until('a dead letter', () => found.length > 0);
  await consumer.disconnect();
  return found;
}

describeReal('kafka', 'mosquitto')('a message that can never be delivered', () => {
  let world: World;
  let publisher: MqttClient;
  beforeAll(async () => {
    world = await startWorld();
    publisher = await mqtt.connectAsync(world.mosquitto.url, { protocolVersion: 5 });
  });
  afterAll(async () => {
    await publisher?.endAsync(true);
    await world?.stop();
  });

  /** Publishes the poison in the middle of a stream, and gives its dead letter. */
  async function poison(run: Run, bridge: MkbProcess, payload: Buffer): Promise<Letter> {
    const oracle = oracleFor(world, run);
    try {
      await bridge.start();
      await oracle.start();
      await oracle.reach(0.3);
      await publisher.publishAsync(`${run.topicPrefix}/poisoner`, payload, { qos: 1 });
      const verdict = await oracle.verdict();
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(verdict.records).toBe(verdict.published);
      expect(await settledAccounts(bridge)).toEqual([]);
      expect((await bridge.metrics()).sum('mkb_messages_dead_lettered_total')).toBe(1);
      const found = await letters(world, run.deadTopic);
      expect(found).toHaveLength(1);
      return found[0]!;
    } finally {
      await oracle.stop();
      await bridge.remove();
    }
  }

  test('is a dead letter when a rule reads inside and it is not JSON, and the stream goes on', async () => {
    const run = await world.newRun();
    const reading = `SELECT payload FROM "${run.topicPrefix}/{clientid}" WHERE payload.number >= 0`;
    const payload = Buffer.from('{"number": 7, oops');
    const { value, headers } = await poison(run, await mkbFor(run, { sql: reading }), payload);
    expect(value).toEqual(payload);
    expect(headers).toMatchObject({
      'mkb.error.code': 'payload-not-json',
      'mkb.rule': 'carry',
      'mqtt.topic': `${run.topicPrefix}/poisoner`,
      'mqtt.qos': '1',
    });
    expect(headers['mkb.error.message']).toBeTruthy();
  });

  test('is a dead letter when it has 2 MiB and Kafka takes 1 MiB, and the stream goes on', async () => {
    const run = await world.newRun();
    const payload = Buffer.alloc(2 * 1024 * 1024, 'large ');
    const { value, headers } = await poison(run, await mkbFor(run), payload);
    expect(payload.subarray(0, value.length).equals(value)).toBe(true);
    expect(headers).toMatchObject({
      'mkb.error.code': 'kafka-message-too-large',
      'mkb.truncated.from.bytes': String(payload.length),
      'mqtt.topic': `${run.topicPrefix}/poisoner`,
    });
  });
});

/** As Event Hubs, and any broker with `socket.request.max.bytes`: there was no answer, no dead letter, and no other message got through. */
describeReal('kafka', 'mosquitto')('what ends the connection to Kafka whenever it is sent', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ config: { 'socket.request.max.bytes': '50000' } });
  });
  afterAll(() => world?.stop());

  const payload = Buffer.alloc(200_000, 'large ');

  test('is a dead letter with the beginning of the message, and the stream goes on', async () => {
    const run = await world.newRun();
    const bridge = await mkbFor(run);
    const oracle = oracleFor(world, run);
    const publisher = await mqtt.connectAsync(world.mosquitto.url, { protocolVersion: 5 });
    try {
      await bridge.start();
      await oracle.start();
      await publisher.publishAsync(`${run.topicPrefix}/poisoner`, payload, { qos: 1 });
      const verdict = await oracle.verdict();
      expect(verdict.problems, verdict.text).toEqual([]);
      expect(await settledAccounts(bridge)).toEqual([]);
      const [letter] = await letters(world, run.deadTopic);
      expect(letter!.value.length).toBe(4096);
      expect(letter!.headers).toMatchObject({
        'mkb.error.code': 'kafka-message-too-large',
        'mkb.truncated.from.bytes': String(payload.length),
      });
    } finally {
      await oracle.stop();
      await publisher.endAsync(true);
      await bridge.remove();
    }
  });

  test('is a dead letter with the beginning of the record when it was to go from Kafka to MQTT', async () => {
    const run = await world.newRun();
    const sinks = [{ mqtt: { topic: '${key}', payload: '${value}' } }];
    const rules = [{ name: 'carry', sql: `SELECT * FROM "$kafka/${run.topic}"`, sinks }];
    const document = runDocument(run) as { spec: { rules: object[]; kafka: object } };
    document.spec.rules = rules;
    document.spec.kafka = { ...document.spec.kafka, consumer: { offsetReset: 'earliest' } };
    const bridge = new MkbProcess(document, await freePort());
    const producer = world.kafka.client().producer();
    try {
      await producer.connect();
      // Small on its way in, because it is compressed; a wildcard is no topic to publish to.
      await producer.send({
        topic: run.topic,
        compression: CompressionTypes.GZIP,
        messages: [{ key: 'a/#', value: payload }],
      });
      await bridge.start();
      const [letter] = await letters(world, run.deadTopic);
      expect(letter!.value.length).toBe(4096);
      expect(letter!.headers).toMatchObject({
        'kafka.topic': run.topic,
        'mkb.error.code': 'mqtt-topic-invalid',
        'mkb.truncated.from.bytes': String(payload.length),
      });
    } finally {
      await producer.disconnect();
      await bridge.remove();
    }
  });
});
