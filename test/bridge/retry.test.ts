/** Who prefers a dead letter to waiting for ever says so, for the bridge or for one sink; everybody else waits. */
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { type Bridge, prepareBridge } from '../../bridge/main.ts';
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

const rule = (name: string, sink: object) => ({
  name,
  sql: `SELECT payload FROM "${name}/{id}"`,
  sinks: [{ kafka: { topic: 'a', ...sink } }],
});

/** Rules `limited` and `patient`, which write to one topic unless `sinks` say something else. */
async function start(
  limited: object,
  { patient = {}, delivery = {} as object, deadLetter = true } = {},
): Promise<Bridge> {
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
      rules: [rule('limited', limited), rule('patient', patient)],
      delivery: {
        shutdownTimeout: '0s',
        ...(deadLetter && { onFailure: { deadLetter: { topic: 'dead' } } }),
        ...delivery,
      },
    },
  });
  bridge = await prepareBridge(document, { secrets: { secretsDir: '' }, log: pino({ level: 'silent' }) });
  await bridge.start();
  return bridge;
}

const publish = async (...topics: string[]) => {
  for (const topic of topics) await client.publishAsync(topic, topic, { qos: 1 });
};
const values = (topic: string) => kafka.records(topic).map(({ value }) => value?.toString());
const always = Number.POSITIVE_INFINITY;
const refuse = (error: Parameters<EmbeddedKafka['faults']['add']>[0]['error']) =>
  kafka.faults.add({ api: 'Produce', topic: 'a', error, times: always });
const settled = (dead: number, delivered: number) =>
  until('what is given up to be a dead letter', () => bridge.account.count('dead_lettered') === dead).then(() =>
    until('the others to be delivered', () => bridge.account.count('delivered') === delivered),
  );

describe('retry.maxAttempts', () => {
  // A sink that may lose a message to a dead letter held up all that came after it.
  test.each([
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'TOPIC_AUTHORIZATION_FAILED',
    'KAFKA_STORAGE_ERROR',
  ] as const)('gives up a record that was refused so often (%s), and what follows is delivered', async error => {
    await start({ retry: { maxAttempts: 3, backoff: { minDelay: '1ms', maxDelay: '5ms' } } });
    let attempts = 0;
    kafka.onRequest(({ api }) => {
      if (api === 'Produce') attempts++;
    });
    const fault = refuse(error);
    await publish('limited/1');
    await settled(1, 0);
    // Three to the topic, and one of the dead letter.
    expect(attempts).toBe(4);
    const [letter] = kafka.records('dead').map(({ headers }) => Object.fromEntries(headers.map(h => h.map(String))));
    expect(letter).toMatchObject({ 'mkb.error.code': 'kafka-retries-exhausted', 'mqtt.topic': 'limited/1' });
    expect(letter!['mkb.error.message']).toContain(`in 3 attempts (retry.maxAttempts): ${error}`);
    fault.remove();
    await publish('limited/2');
    await settled(1, 1);
    expect([values('a'), values('dead')]).toEqual([['limited/2'], ['limited/1']]);
    expect([bridge.account.received, bridge.account.inFlight]).toEqual([2, 0]);
  });

  test('is of one sink: what another has in the same batch waits, and arrives once and in order', async () => {
    await start({ retry: { maxAttempts: 2 } });
    await publish('patient/0');
    await settled(0, 1);
    const fault = refuse('NOT_ENOUGH_REPLICAS');
    await publish('patient/1', 'limited/1', 'patient/2', 'limited/2', 'patient/3');
    await until('two dead letters', () => bridge.account.count('dead_lettered') === 2);
    expect(bridge.account.inFlight).toBe(3);
    fault.remove();
    await settled(2, 4);
    expect(values('a')).toEqual(['patient/0', 'patient/1', 'patient/2', 'patient/3']);
    expect(values('dead')).toEqual(['limited/1', 'limited/2']);
    expect(bridge.account.received).toBe(6);
  });

  test('counts for a topic that was deleted, too, and without dead letters it is a drop with its reason', async () => {
    await start({}, { delivery: { retry: { maxAttempts: 2 } }, patient: { topic: 'dead' }, deadLetter: false });
    kafka.cluster.deleteTopic('a');
    await publish('limited/1', 'limited/2', 'patient/1');
    await until('both to be dropped', () => bridge.account.count('retries_exhausted') === 2);
    await settled(0, 1);
    expect([bridge.account.received, bridge.account.inFlight]).toEqual([3, 0]);
  });

  test('gives nothing up while no answer comes, and a sink can wait longer than the bridge', async () => {
    await start({ retry: { maxAttempts: 1_000_000 } }, { delivery: { retry: { maxAttempts: 1 } } });
    const silent = kafka.faults.add({ api: 'Produce', drop: 'before', times: 5 });
    await publish('patient/1');
    await settled(0, 1);
    silent.remove();
    kafka.faults.add({ api: 'Produce', topic: 'a', error: 'NOT_ENOUGH_REPLICAS', times: 5 });
    await publish('limited/1');
    await settled(0, 2);
    expect(values('dead')).toEqual([]);
  });

  test('gives nothing up while the dead-letter topic takes nothing', async () => {
    await start({ retry: { maxAttempts: 1 } });
    const stuck = kafka.faults.add({ api: 'Produce', topic: 'dead', error: 'NOT_ENOUGH_REPLICAS', times: always });
    const fault = refuse('NOT_ENOUGH_REPLICAS');
    await publish('limited/1', 'limited/2', 'limited/3');
    await until('one dead letter to wait', () => bridge.waits.some(({ topic }) => topic === 'dead'));
    expect(bridge.account.inFlight).toBe(3);
    stuck.remove();
    await settled(3, 0);
    fault.remove();
    expect(values('dead').toSorted()).toEqual(['limited/1', 'limited/2', 'limited/3']);
  });
});
