import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordBatch } from '../../../demo/embedded/batch.ts';
import { PartitionLog, type Retention } from '../../../demo/embedded/log.ts';
import { makeBatch } from './batches.ts';

const keepAll = { bytes: -1, ms: -1 };
const size = makeBatch().length;

/** A log of one-record batches, one for each timestamp. */
function logOf(timestamps: readonly number[], retention: Retention = keepAll, now = 0): PartitionLog {
  const log = new PartitionLog();
  for (const timestamp of timestamps) log.append(new RecordBatch(makeBatch({ timestamp })), 0, retention, now);
  return log;
}

const offsets = (batches: readonly RecordBatch[]): number[] => batches.map(batch => batch.baseOffset);

describe('a log', () => {
  it('reads whole batches from the one that holds the offset, up to the limit of bytes', () => {
    const log = new PartitionLog();
    for (let i = 0; i < 4; i++) log.append(new RecordBatch(makeBatch({ values: ['a', 'b', 'c'] })), 0, keepAll, 0);
    const batchBytes = makeBatch({ values: ['a', 'b', 'c'] }).length;
    expect(offsets(log.read(4, 2 * batchBytes, true))).toEqual([3, 6]);
    expect(offsets(log.read(12, 1e6, true))).toEqual([]);
  });

  it('gives one batch larger than the limit to a reader that would not get on otherwise', () => {
    const log = logOf([1, 2]);
    expect(offsets(log.read(0, 1, true))).toEqual([0]);
    expect(offsets(log.read(0, 1, false))).toEqual([]);
  });

  it('finds the first record from a time on, also when times are not in order', () => {
    const log = logOf([10, 40, 20, 30]);
    expect(log.find(15)).toMatchObject({ offset: 1, timestamp: 40 });
    expect(log.find(10)).toMatchObject({ offset: 0 });
    expect(log.find(41)).toBeUndefined();
    expect(log.newest()).toMatchObject({ offset: 1, timestamp: 40 });
  });

  it('drops its oldest batches when it grows too large, and its start moves', () => {
    const log = logOf([1, 2, 3, 4, 5], { bytes: 2 * size, ms: -1 });
    expect(log).toMatchObject({ startOffset: 3, endOffset: 5, bytes: 2 * size });
  });

  it('drops batches that are too old', () => {
    expect(logOf([100, 900, 950], { bytes: -1, ms: 200 }, 1_000).startOffset).toBe(1);
  });

  it('keeps its newest batch, however large or old', () => {
    expect(logOf([1, 2], { bytes: 0, ms: 0 }, 1_000)).toMatchObject({ startOffset: 1, endOffset: 2 });
  });

  it('never keeps more than its limit and one batch, and gives every offset it keeps', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 0, max: 2_000 }), (counts, bytes) => {
        const log = new PartitionLog();
        for (const count of counts) {
          const batch = new RecordBatch(makeBatch({ values: Array.from({ length: count }, () => 'v') }));
          log.append(batch, 0, { bytes, ms: -1 }, 0);
          expect(log.bytes <= bytes || log.batches.length === 1).toBe(true);
        }
        expect(log.endOffset).toBe(counts.reduce((sum, count) => sum + count, 0));
        for (let offset = log.startOffset; offset < log.endOffset; offset++) {
          const [first] = log.read(offset, 0, true);
          expect(first!.baseOffset <= offset && offset <= first!.lastOffset).toBe(true);
        }
      }),
    );
  });
});
