/** Fetch answers, byte by byte: one that is not whole says nothing at all. */
import { type Connection, Reader } from '@platformatic/kafka';
import { describe, expect, test } from 'vitest';
import { type FetchAnswer, fetchRecords } from '../../../../bridge/kafka/consumer/fetch-api.ts';
import { batch } from './support/batches.ts';

type Parse = (correlation: number, key: number, version: number, reader: Reader) => FetchAnswer;

/** What is made of an answer's bytes. Throws as the consumer's request does. */
function parse(bytes: Buffer): FetchAnswer {
  let answer: FetchAnswer | undefined;
  const connection = {
    send: (key: number, version: number, _payload: unknown, parser: Parse) => {
      answer = parser(1, key, version, Reader.from(bytes));
    },
  } as unknown as Connection;
  fetchRecords(connection, [], { maxWaitMs: 0, maxBytes: 1, partitionBytes: 1 }, () => undefined);
  return answer!;
}

const int16 = (value: number) => Buffer.of(value >> 8, value & 0xff);
const int32 = (value: number) => Buffer.of(value >>> 24, value >>> 16, value >>> 8, value);
const int64 = (value: number) => Buffer.concat([int32(value < 0 ? -1 : 0), int32(value)]);
const counted = (...items: Buffer[]) => Buffer.concat([int32(items.length), ...items]);
const sized = (bytes: Buffer) => Buffer.concat([int32(bytes.length), bytes]);

const partition = (number: number, records: Buffer, aborted = counted()) =>
  Buffer.concat([int32(number), int16(0), int64(100), int64(100), int64(0), aborted, int32(-1), records]);
const topic = (name: string, ...partitions: Buffer[]) =>
  Buffer.concat([int16(name.length), Buffer.from(name), counted(...partitions)]);
const answer = (...topics: Buffer[]) => Buffer.concat([int32(0), int16(0), int32(0), counted(...topics)]);

const records = batch({ first: 5, values: ['a', 'b'] });
const aborted = counted(Buffer.concat([int64(7), int64(3)]));
const whole = answer(
  topic('t', partition(0, sized(records)), partition(1, sized(records), aborted)),
  topic('u', partition(0, int32(-1))),
);

test('an answer is read as it was written, and the bytes of records are left as they are', () => {
  const { errorCode, partitions } = parse(whole);
  expect(errorCode).toBe(0);
  expect(partitions.map(each => [each.topic, each.partition, each.bytes.equals(records)])).toEqual([
    ['t', 0, true],
    ['t', 1, true],
    ['u', 0, false],
  ]);
  expect(partitions[1]!.abortedTransactions).toEqual([{ producerId: 7n, firstOffset: 3n }]);
  expect(partitions[2]!.bytes).toHaveLength(0);
});

test('an answer that is cut off anywhere, or has bytes too many, is no answer', () => {
  for (let length = 0; length < whole.length; length++)
    expect(() => parse(whole.subarray(0, length)), `${length}`).toThrow();
  expect(() => parse(Buffer.concat([whole, Buffer.of(0)]))).toThrow('1 bytes too many');
});

describe('a wrong length is no answer', () => {
  test.each([
    ['of records, longer than the answer', int32(records.length + 1)],
    ['of records, shorter than they are', int32(records.length - 1)],
    ['of records, negative', int32(-2)],
    ['of records, larger than anything', int32(0x7fffffff)],
  ])('%s', (_, length) => {
    const wrong = Buffer.concat([length, records]);
    expect(() => parse(answer(topic('t', partition(0, wrong))))).toThrow();
  });

  test.each([2, 0, 0x7fffffff, -2])('of the list of partitions: %i', count => {
    const bytes = answer(topic('t', partition(0, sized(records))));
    bytes.writeInt32BE(count, bytes.length - partition(0, sized(records)).length - 4);
    expect(() => parse(bytes)).toThrow();
  });
});
