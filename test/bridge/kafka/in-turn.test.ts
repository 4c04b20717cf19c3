/** A topic of a sink with `queryMode: sync`. */
import { afterEach, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { until } from '../../real/until.ts';
import { producerFor, type TestOptions, type TestProducer, type TestRecord } from './support/producing.ts';

let kafka: EmbeddedKafka;
let producer: TestProducer;

async function setup(options: TestOptions = {}): Promise<void> {
  const topics = ['t', 'other'].map(name => ({ name, partitions: 3 }));
  kafka = await startEmbeddedKafka({ topics, autoCreateTopics: false, nodes: 3 });
  producer = await producerFor(kafka.bootstrap, options);
}

afterEach(async () => {
  producer.close();
  await kafka.stop();
});

const inTurn = { inTurn: true };
/** One to each partition in turn. */
const records = (count: number): TestRecord[] =>
  Array.from({ length: count }, (_, index) => ({ partition: index % 3, value: `v${index}` }));

/** The nodes that requests came to, and how many were without an answer at most. */
function watch() {
  const seen = { nodes: [] as number[], most: 0 };
  let underWay = 0;
  kafka.onRequest(({ api, node }) => {
    if (api !== 'Produce') return;
    seen.nodes.push(node);
    seen.most = Math.max(seen.most, ++underWay);
  });
  kafka.onBatch(() => {
    underWay = 0;
  });
  return seen;
}

test('one request at a time is under way for it over all brokers, and each leader has its turn', async () => {
  let clock = 0;
  // Each record is a batch of its own, and each came later than the one before it.
  await setup({ batchBytes: 1, now: () => ++clock / 1000 });
  const seen = watch();
  // A leader that always had something to send kept all others waiting.
  producer.append('t', records(30), inTurn);
  await producer.outcome();
  expect(seen.most).toBe(1);
  expect(seen.nodes).toHaveLength(30);
  for (let at = 0; at < 30; at += 3) expect(new Set(seen.nodes.slice(at, at + 3)).size).toBe(3);
});

test('its records do not linger, and those of other topics do', async () => {
  await setup({ lingerMs: 3_600_000 });
  producer.append('other', records(3));
  producer.append('t', records(3), inTurn);
  await until('what is sent at once', () => producer.delivered.length === 3);
  expect(kafka.records('other')).toEqual([]);
  producer.producer.flush();
  await producer.outcome();
});

test('what fails is retried in its turn: once each, in order', async () => {
  await setup({ batchBytes: 1 });
  kafka.faults.add({ api: 'Produce', topic: 't', partition: 1, error: 'NOT_ENOUGH_REPLICAS', times: 3 });
  kafka.faults.add({ api: 'Produce', topic: 't', partition: 2, drop: 'after', times: 2 });
  producer.append('t', records(30), inTurn);
  await producer.outcome();
  for (const partition of [0, 1, 2]) {
    const values = kafka.records('t').filter(record => record.partition === partition);
    expect(values.map(({ value }) => String(value))).toEqual(
      records(30)
        .filter(record => record.partition === partition)
        .map(({ value }) => value),
    );
  }
});

test('a partition that takes nothing holds up no other of its topic, nor another topic', async () => {
  await setup({ batchBytes: 1 });
  const refused = { api: 'Produce', topic: 't', partition: 0, error: 'NOT_ENOUGH_REPLICAS' } as const;
  kafka.faults.add({ ...refused, times: Number.POSITIVE_INFINITY });
  producer.append('t', records(30), inTurn);
  producer.append('other', records(30), inTurn);
  await until('all others', () => producer.delivered.length === 50);
  expect(kafka.records('t').filter(({ partition }) => partition === 0)).toEqual([]);
});

test('a topic that was written to before takes turns from now on', async () => {
  await setup({ batchBytes: 1 });
  await producer.deliver('t', records(9));
  const seen = watch();
  producer.append('t', records(30), inTurn);
  await producer.outcome();
  expect(seen.most).toBe(1);
  expect(kafka.records('t')).toHaveLength(39);
});
