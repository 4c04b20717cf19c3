import { describe, expect, it } from 'vitest';
import { checkBatch, RecordBatch } from '../../../demo/embedded/batch.ts';
import { code } from '../../../demo/embedded/codes.ts';
import { recordsOf } from '../../../demo/embedded/records.ts';
import { makeBatch } from './batches.ts';

const MAX = 1_000_000;

function changed(byte: number, value: number): Buffer {
  const bytes = makeBatch();
  bytes[byte] = value;
  return bytes;
}

describe('a record batch', () => {
  it('stays valid when its place in the log is written into it', () => {
    const batch = new RecordBatch(makeBatch({ values: ['a', 'b', 'c'] }));
    batch.place(41, 6);
    expect(checkBatch(batch.bytes, 9, MAX)).toBe(code.NONE);
    expect(batch).toMatchObject({ baseOffset: 41, lastOffset: 43, count: 3, leaderEpoch: 6 });
  });

  it('gives its records with offsets, times, keys and headers, whatever its compression', () => {
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const batch = new RecordBatch(makeBatch({ values: ['a', 'b'], key: 'k', timestamp: 77, compression }));
      batch.place(10, 0);
      expect(recordsOf(batch, 3)).toEqual([
        {
          partition: 3,
          offset: 10,
          timestamp: 77,
          key: Buffer.from('k'),
          value: Buffer.from('a'),
          headers: [['from', Buffer.from('a test')]],
        },
        {
          partition: 3,
          offset: 11,
          timestamp: 77,
          key: Buffer.from('k'),
          value: Buffer.from('b'),
          headers: [['from', Buffer.from('a test')]],
        },
      ]);
    }
  });

  it('ends its sequence numbers at 2,147,483,647 and goes on at 0', () => {
    const batch = new RecordBatch(
      makeBatch({ values: ['a', 'b', 'c'], producerId: 1, epoch: 0, sequence: 2 ** 31 - 2 }),
    );
    expect(batch.lastSequence).toBe(0);
  });
});

describe('a produced batch is refused', () => {
  const cases: [why: string, bytes: Buffer, expected: number][] = [
    ['when there is none', Buffer.alloc(0), code.INVALID_RECORD],
    ['when it is shorter than its header', makeBatch().subarray(0, 60), code.INVALID_RECORD],
    ['when it is cut off', makeBatch().subarray(0, -1), code.INVALID_RECORD],
    ['when a byte of a record has changed', changed(70, 0xff), code.CORRUPT_MESSAGE],
    ['when a second batch follows', Buffer.concat([makeBatch(), makeBatch()]), code.INVALID_RECORD],
    ['when it has the format of before Kafka 0.11', changed(16, 1), code.INVALID_RECORD],
    [
      'when an idempotent producer gives no sequence number',
      makeBatch({ producerId: 1, epoch: 0 }),
      code.INVALID_RECORD,
    ],
  ];
  for (const [why, bytes, expected] of cases) {
    it(why, () => expect(checkBatch(bytes, 9, MAX)).toBe(expected));
  }

  it('when it is larger than the topic takes, by one byte', () => {
    const bytes = makeBatch();
    expect(checkBatch(bytes, 9, bytes.length)).toBe(code.NONE);
    expect(checkBatch(bytes, 9, bytes.length - 1)).toBe(code.MESSAGE_TOO_LARGE);
  });

  it('when it is zstd in a request of before version 7', () => {
    const bytes = makeBatch({ compression: 'zstd' });
    expect(checkBatch(bytes, 7, MAX)).toBe(code.NONE);
    expect(checkBatch(bytes, 6, MAX)).toBe(code.UNSUPPORTED_COMPRESSION_TYPE);
  });
});
