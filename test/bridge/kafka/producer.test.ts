import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { producerFor, type TestOptions, type TestProducer, type TestRecord } from './support/producing.ts';

let kafka: EmbeddedKafka;
let producer: TestProducer;

async function setup(options: TestOptions = {}, broker: EmbeddedKafkaOptions = {}): Promise<void> {
  await kafka.stop();
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 3 }], autoCreateTopics: false, ...broker });
  producer = await producerFor(kafka.bootstrap, options);
}

beforeEach(async () => {
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 3 }], autoCreateTopics: false });
  producer = await producerFor(kafka.bootstrap);
});

afterEach(async () => {
  producer.close();
  await kafka.stop();
});

const records = (count: number, prefix = 'v'): TestRecord[] =>
  Array.from({ length: count }, (_, index) => ({ key: `k${index % 5}`, value: `${prefix}${index}` }));

const valuesOf = (topic = 't') => kafka.records(topic).map(({ value }) => value?.toString());

/** Each key's values in the order of its partition: what a consumer of one device sees. */
function byKey(topic = 't'): Map<string | undefined, (string | undefined)[]> {
  const map = new Map<string | undefined, (string | undefined)[]>();
  for (const { key, value } of kafka.records(topic)) {
    const list = map.get(key?.toString()) ?? [];
    list.push(value?.toString());
    map.set(key?.toString(), list);
  }
  return map;
}

function expectExactly(sent: readonly TestRecord[]): void {
  expect(valuesOf().toSorted()).toEqual(sent.map(({ value }) => value).toSorted());
  for (const [key, values] of byKey())
    expect(values).toEqual(sent.filter(record => record.key === key).map(({ value }) => value));
}

describe('what passes is retried in place: once each, in order,', () => {
  const sent = records(200);

  test.each([
    ['when nothing fails', () => undefined],
    ['when the leader has moved', () => kafka.faults.add({ api: 'Produce', topic: 't', notLeader: true, times: 3 })],
    [
      'when there are too few replicas',
      () => kafka.faults.add({ api: 'Produce', error: 'NOT_ENOUGH_REPLICAS', times: 2 }),
    ],
    [
      'when the connection breaks before a batch arrives',
      () => kafka.faults.add({ api: 'Produce', drop: 'before', times: 2 }),
    ],
    [
      'when the connection breaks after a batch was written',
      () => kafka.faults.add({ api: 'Produce', drop: 'after', times: 2 }),
    ],
    [
      'when the answer is an error although the batch was written',
      () => kafka.faults.add({ api: 'Produce', error: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', applied: true, times: 2 }),
    ],
    [
      'when one partition alone fails',
      () => kafka.faults.add({ api: 'Produce', topic: 't', partition: 1, error: 'REQUEST_TIMED_OUT', times: 4 }),
    ],
    [
      'when metadata cannot be had for a while',
      () => {
        kafka.faults.add({ api: 'Produce', notLeader: true });
        kafka.faults.add({ api: 'Metadata', drop: 'before', times: 3 });
      },
    ],
  ])('%s', async (_name, breakSomething) => {
    breakSomething();
    for (let from = 0; from < sent.length; from += 20) producer.append('t', sent.slice(from, from + 20));
    await producer.outcome();
    expect(producer.failures).toEqual([]);
    expectExactly(sent);
  });

  test('when the broker stops and comes back', async () => {
    await producer.deliver('t', sent.slice(0, 50));
    await kafka.cluster.node(1).stop();
    producer.append('t', sent.slice(50));
    await kafka.cluster.node(1).start();
    await producer.outcome();
    expectExactly(sent);
  });

  test('when leaders move to another node while batches are under way', async () => {
    await setup({}, { nodes: 3 });
    for (let from = 0; from < sent.length; from += 10) {
      producer.append('t', sent.slice(from, from + 10));
      kafka.cluster.moveLeader('t', (from / 10) % 3, ((from / 10) % 3) + 1);
      if (from % 50 === 0) await producer.outcome();
    }
    await producer.outcome();
    expectExactly(sent);
  });
});

describe('when the broker does not know our sequence any more', () => {
  test.each([
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'UNKNOWN_PRODUCER_ID',
    'INVALID_PRODUCER_EPOCH',
  ] as const)('(%s) a new producer id is taken and nothing is lost', async error => {
    const sent = records(60);
    await producer.deliver('t', sent.slice(0, 30));
    kafka.faults.add({ api: 'Produce', topic: 't', error });
    await producer.deliver('t', sent.slice(30));
    expectExactly(sent);
  });

  test('it goes on although the first requests for a new id fail', async () => {
    kafka.faults.add({ api: 'Produce', topic: 't', error: 'UNKNOWN_PRODUCER_ID' });
    kafka.faults.add({ api: 'InitProducerId', error: 'COORDINATOR_NOT_AVAILABLE', times: 2 });
    const sent = records(30);
    await producer.deliver('t', sent);
    expectExactly(sent);
  });
});

describe('what is final fails, and only that', () => {
  test('a record that is too large fails alone; all others of its batch arrive', async () => {
    await setup({ batchBytes: 1024 * 1024 }, { maxMessageBytes: 100_000 });
    const sent = records(100);
    sent[42] = { key: 'k2', value: 'x'.repeat(200_000) };
    await producer.deliver('t', sent);
    expect(producer.failures.map(({ token, error }) => [token, error.code])).toEqual([[42, 'kafka-message-too-large']]);
    expectExactly(sent.filter((_, index) => index !== 42));
  });

  test('a topic that does not exist fails its records after a few answers, and another topic goes on', async () => {
    producer.append('missing', records(3));
    await producer.deliver('t', records(3));
    expect(producer.failures.map(({ error }) => error.code)).toEqual(Array(3).fill('kafka-unknown-topic'));
    expect(valuesOf().length).toBe(3);
  });

  test('a topic that appears while its records wait gets them, in order', async () => {
    producer.append('late', records(20));
    kafka.cluster.createTopic('late', 2);
    await producer.outcome();
    expect(producer.failures).toEqual([]);
    expect(byKey('late').get('k1')).toEqual(['v1', 'v6', 'v11', 'v16']);
  });
});

test('a broker that asks for quiet gets it, and the records arrive afterwards', async () => {
  kafka.faults.add({ api: 'Produce', throttleMs: 300 });
  await producer.deliver('t', [{ key: 'a', value: '1' }]);
  const quietFrom = performance.now();
  await producer.deliver('t', [{ key: 'a', value: '2' }]);
  expect(performance.now() - quietFrom).toBeGreaterThan(200);
});

test('at most one batch of a partition is under way', async () => {
  await setup({ batchBytes: 200, lingerMs: 0 });
  let release = () => {};
  const held = new Promise<void>(resolve => {
    release = resolve;
  });
  let produced = 0;
  kafka.onRequest(({ api }) => {
    if (api === 'Produce') produced++;
  });
  const fault = kafka.faults.add({ api: 'Produce', until: held });
  producer.append(
    't',
    Array.from({ length: 50 }, (_, index) => ({ key: 'one', value: `${index}`.padStart(50, '0') })),
  );
  await fault.met();
  expect(produced).toBe(1);
  release();
  await producer.outcome();
  expect(valuesOf()).toEqual(valuesOf().toSorted());
});

test('with acks none records count as delivered when they are sent', async () => {
  await setup({ acks: 'none' });
  expect(await producer.deliver('t', records(20))).toBe(20);
});

test('with acks leader there are no sequence numbers, and records arrive', async () => {
  await setup({ acks: 'leader' });
  await producer.deliver('t', records(20));
  expectExactly(records(20));
});

test('keyless records fill one partition’s batch before they turn to the next', async () => {
  await setup({ batchBytes: 1000, lingerMs: 50 });
  await producer.deliver(
    't',
    Array.from({ length: 100 }, (_, index) => ({ value: `${index}`.padStart(60, '0') })),
  );
  const partitions = new Set(kafka.records('t').map(record => record.partition));
  expect(partitions.size).toBe(3);
});

test('it says that it is full while it holds more than it may, and holds nothing when all is delivered', async () => {
  await setup({ maxBytes: 100_000 });
  let release = () => {};
  kafka.faults.add({ api: 'Produce', until: new Promise<void>(resolve => (release = resolve)), times: 10 });
  producer.append('t', [{ key: 'a', value: 'x'.repeat(110_000) }]);
  expect(producer.producer.full).toBe(true);
  expect(producer.producer.hasRoom).toBe(false);
  release();
  await producer.outcome();
  expect(producer.producer.full).toBe(false);
  expect(producer.producer.bufferedBytes).toBe(0);
});
