import { afterEach, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
import { until } from '../../../real/until.ts';
import { recordWriter } from '../../support/record-writer.ts';
import { startConsumer, type TestConsumer } from './support/consuming.ts';
import { type Change, type FetchProxy, startFetchProxy } from './support/fetch-proxy.ts';

let kafka: EmbeddedKafka;
let proxy: FetchProxy;
let consumer: TestConsumer;

afterEach(async () => {
  await consumer.consumer.stop(1000);
  proxy.close();
  await kafka.stop();
});

/** A consumer behind a proxy. */
async function consuming(change: Change): Promise<TestConsumer> {
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 1 }] });
  const [node] = kafka.cluster.nodes;
  proxy = await startFetchProxy(node!.port, change);
  Object.defineProperty(node, 'port', { value: proxy.port });
  consumer = await startConsumer(`127.0.0.1:${proxy.port}`, 't');
  return consumer;
}

const write = (value: string) => recordWriter(kafka.bootstrap.replace(/\d+$/, `${proxy.port}`), 't', [{ value }]);

// A bit that flipped between Kafka and the bridge was published and committed, or ended the process.
test('whichever byte of an answer is changed on the way, each record is handed over once and as it was', async () => {
  let target: number | undefined;
  let size = 0;
  const { handed } = await consuming(answer => {
    // An answer without a record has no batch: it ends with four bytes of zeros.
    if (target === undefined || answer.readInt32BE(answer.length - 4) === 0) return;
    size = answer.length;
    if (target < size) answer[target]! ^= 0xff;
    target = undefined;
  });
  for (let at = 0; at === 0 || at < size; at++) {
    target = at;
    await write(`value ${at % 10}`);
    await until(`record ${at}`, () => handed.length > at);
  }
  expect(handed).toEqual(handed.map((_value, at) => `value ${at % 10}@${at}`));
});

// The consumer read on behind a batch that it could not read.
test('a batch that stays damaged holds its partition, is reported, and is read when it is whole', async () => {
  let damaged = true;
  const { handed, problems } = await consuming(answer => {
    if (damaged && answer.readInt32BE(answer.length - 4) !== 0) answer[answer.length - 1]! ^= 1;
  });
  await write('one');
  await until('reports', () => problems.length >= 3);
  expect(problems[0]).toMatchObject({
    code: 'kafka-batch-damaged',
    details: { topic: 't', partition: 0, offset: '0', reason: 'its checksum is wrong' },
  });
  expect([handed, consumer.consumer.partitions[0]!.trouble?.code]).toEqual([[], 'kafka-batch-damaged']);
  damaged = false;
  await until('the record', () => handed.length === 1);
  expect([handed, consumer.consumer.partitions[0]!.trouble]).toEqual([['one@0'], undefined]);
});
