import { Reader, readRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BufferPool } from '../../../bridge/kafka/buffer-pool.ts';
import { codecs } from '../../../bridge/kafka/compression.ts';
import { draft, type ProducerRecord } from '../../../bridge/kafka/record.ts';
import { RecordBatch } from '../../../bridge/kafka/record-batch.ts';

const pool = () => new BufferPool(1024 * 1024);
const bytes = (options: { maxLength?: number } = {}) =>
  fc.uint8Array({ maxLength: 300, ...options }).map(array => Buffer.from(array));

const record: fc.Arbitrary<ProducerRecord> = fc.record({
  key: fc.option(bytes({ maxLength: 40 }), { nil: undefined }),
  value: fc.option(bytes({ maxLength: 5000 }), { nil: undefined }),
  timestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  headers: fc.array(fc.record({ name: fc.string(), value: fc.option(bytes(), { nil: undefined }) }), { maxLength: 3 }),
});
const records = fc.array(record, { minLength: 1, maxLength: 40 });

function batchOf(list: readonly ProducerRecord[], from = pool()): RecordBatch {
  const batch = new RecordBatch(from);
  for (const [token, each] of list.entries()) batch.append(draft(each), token);
  return batch;
}

/** What an independent reader finds in a sealed batch. */
function readBack(sealed: Buffer) {
  const batch = readRecordsBatch(Reader.from(sealed));
  const base = Number(batch.firstTimestamp);
  return {
    batch,
    records: batch.records.map(({ key, value, timestampDelta, headers }) => ({
      key,
      value,
      timestamp: base + Number(timestampDelta),
      headers: [...headers].map(([name, content]) => ({ name: String(name), value: content })),
    })),
  };
}

const asRead = (list: readonly ProducerRecord[]) =>
  list.map(({ key, value, timestamp, headers }) => ({
    key: key ?? null,
    value: value ?? null,
    timestamp,
    headers: headers.map(header => ({ name: header.name, value: header.value ?? null })),
  }));

describe('a sealed batch', () => {
  test('holds the records that were appended, as an independent reader sees them', () => {
    fc.assert(
      fc.property(records, list => {
        const sealed = batchOf(list).seal(undefined, 0);
        const normalised = readBack(sealed).records.map(each => ({
          ...each,
          key: each.key ?? null,
          value: each.value ?? null,
          headers: each.headers.map(({ name, value }) => ({ name, value: (value as Buffer | null) ?? null })),
        }));
        expect(normalised).toEqual(asRead(list));
      }),
      { numRuns: 50 },
    );
  });

  test('carries producer id, epoch and sequence, and none without idempotence', () => {
    const batch = batchOf([{ key: undefined, value: Buffer.from('v'), timestamp: 5, headers: [] }]);
    const named = readBack(batch.seal({ producerId: 77n, producerEpoch: 3 }, 1234)).batch;
    expect([named.producerId, named.producerEpoch, named.firstSequence]).toEqual([77n, 3, 1234]);
    const anonymous = readBack(batch.seal(undefined, 1234)).batch;
    expect([anonymous.producerId, anonymous.producerEpoch, anonymous.firstSequence]).toEqual([-1n, -1, -1]);
  });

  test.each(Object.entries(codecs))('compressed with %s says so and holds the same records', async (_name, codec) => {
    const list = Array.from({ length: 100 }, (_, index) => ({
      key: Buffer.from(`key-${index % 10}`),
      value: Buffer.alloc(285, index),
      timestamp: 1_700_000_000_000 + index,
      headers: [],
    }));
    const batch = batchOf(list);
    const plain = Buffer.from(batch.seal(undefined, 0));
    await batch.compress(codec);
    const sealed = batch.seal(undefined, 0);
    expect(sealed.length).toBeLessThan(plain.length / 2);
    expect(sealed.readInt16BE(21)).toBe(codec.attribute);
    expect(readBack(sealed).records).toEqual(readBack(plain).records);
  });
});

test('the largest timestamp is announced, also when it is not the last', () => {
  const at = (timestamp: number) => ({ key: undefined, value: undefined, timestamp, headers: [] });
  expect(readBack(batchOf([at(10), at(99), at(50)]).seal(undefined, 0)).batch.maxTimestamp).toBe(99n);
});

test('records read back out of a batch equal those that went in', () => {
  fc.assert(
    fc.property(records, list => {
      expect([...batchOf(list).records()]).toEqual(list);
    }),
  );
});

test('parts of a batch hold the chosen records and their tokens, in order', () => {
  fc.assert(
    fc.property(records, list => {
      const batch = batchOf(list);
      const even = batch.part(index => index % 2 === 0);
      expect([...even.records()]).toEqual(list.filter((_, index) => index % 2 === 0));
      expect(even.tokens).toEqual([...list.keys()].filter(index => index % 2 === 0));
    }),
  );
});

test('a batch that grew and was released leaves no memory lent', () => {
  const shared = pool();
  const batch = batchOf([{ key: undefined, value: Buffer.alloc(100_000), timestamp: 0, headers: [] }], shared);
  expect(shared.lent).toBeGreaterThanOrEqual(100_000);
  batch.release();
  expect(shared.lent).toBe(0);
});
