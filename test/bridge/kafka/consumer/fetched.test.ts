import { expect, test } from 'vitest';
import { readFetched } from '../../../../bridge/kafka/consumer/fetched.ts';

const plain = 0;
const transactional = 0x10;
const control = 0x30;
const appended = 0x08;

/** A batch of records at `first` and after it, with the values given. */
const batch = (first: number, attributes: number, values: readonly string[], producerId = -1n) => ({
  firstOffset: BigInt(first),
  lastOffsetDelta: values.length - 1,
  attributes,
  producerId,
  firstTimestamp: 1000n,
  maxTimestamp: 5000n,
  length: 0,
  partitionLeaderEpoch: 0,
  magic: 2,
  crc: 0,
  producerEpoch: 0,
  firstSequence: 0,
  records: values.map((value, offsetDelta) => ({
    length: 0,
    attributes: 0,
    timestampDelta: BigInt(offsetDelta),
    offsetDelta,
    key: null,
    value: Buffer.from(value),
    headers: [],
  })),
});

/** The end of a transaction. */
const marker = (at: number, producerId: bigint, type: 'abort' | 'commit') => {
  const ended = batch(at, control, [''], producerId);
  ended.records[0]!.key = Buffer.of(0, 0, 0, type === 'abort' ? 0 : 1) as never;
  return ended;
};

const read = (batches: ReturnType<typeof batch>[], from = 0, aborted: [bigint, number][] = []) => {
  const abortedTransactions = aborted.map(([producerId, first]) => ({ producerId, firstOffset: BigInt(first) }));
  const { records, next } = readFetched({ records: batches, abortedTransactions }, BigInt(from));
  return { values: records.map(({ value, offset }) => `${value}@${offset}`), next };
};

test('a batch comes whole, and what lies before the offset that was asked for is left out', () => {
  expect(read([batch(10, plain, ['a', 'b', 'c'])], 11)).toEqual({ values: ['b@11', 'c@12'], next: 13n });
});

test('nothing at all leaves the position as it is', () => {
  expect(readFetched({ records: null, abortedTransactions: null }, 7n)).toEqual({ records: [], next: 7n });
});

test('records of a transaction that was aborted are left out, and those of others are not', () => {
  const batches = [
    batch(0, transactional, ['aborted'], 1n),
    batch(1, transactional, ['committed'], 2n),
    batch(2, plain, ['plain']),
    marker(3, 1n, 'abort'),
    marker(4, 2n, 'commit'),
    batch(5, transactional, ['later'], 1n),
  ];
  expect(read(batches, 0, [[1n, 0]])).toEqual({ values: ['committed@1', 'plain@2', 'later@5'], next: 6n });
});

test('time is of the producer, or of the broker where the topic has it so', () => {
  const times = (attributes: number) =>
    readFetched({ records: [batch(0, attributes, ['a', 'b'])], abortedTransactions: [] }, 0n).records.map(
      ({ timestamp, timestampType }) => `${timestampType} ${timestamp}`,
    );
  expect(times(plain)).toEqual(['create 1000', 'create 1001']);
  expect(times(appended)).toEqual(['append 5000', 'append 5000']);
});
