import { describe, expect, it } from 'vitest';
import { RecordBatch } from '../../../demo/embedded/batch.ts';
import { code } from '../../../demo/embedded/codes.ts';
import { PartitionLog } from '../../../demo/embedded/log.ts';
import { idempotent, makeBatch } from './batches.ts';

const keepAll = { bytes: -1, ms: -1 };

/** A log, and a function that appends to it and says offset or error. */
function partition() {
  const log = new PartitionLog();
  const append = (bytes: Buffer) => {
    const { error, baseOffset } = log.append(new RecordBatch(bytes), 0, keepAll, 0);
    return error === code.NONE ? baseOffset : { error };
  };
  return { log, append };
}

describe('an idempotent producer', () => {
  it('gets the first offset again for each of its last five batches, and appends nothing', () => {
    const { log, append } = partition();
    for (let i = 0; i < 5; i++) append(idempotent(i * 2, 2));
    for (let i = 0; i < 5; i++) expect(append(idempotent(i * 2, 2))).toBe(i * 2);
    expect(log.endOffset).toBe(10);
  });

  it('is out of order when it repeats an older batch than the last five', () => {
    const { append } = partition();
    for (let i = 0; i < 6; i++) append(idempotent(i));
    expect(append(idempotent(0))).toEqual({ error: code.OUT_OF_ORDER_SEQUENCE_NUMBER });
  });

  it('is out of order when a batch is missing, and can still send the missing one', () => {
    const { append } = partition();
    append(idempotent(0));
    expect(append(idempotent(2))).toEqual({ error: code.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(append(idempotent(1))).toBe(1);
    expect(append(idempotent(2))).toBe(2);
  });

  it('is out of order when a batch begins like an earlier one and ends elsewhere', () => {
    const { append } = partition();
    append(idempotent(0, 3));
    expect(append(idempotent(0, 2))).toEqual({ error: code.OUT_OF_ORDER_SEQUENCE_NUMBER });
  });

  it('may begin anywhere in a partition that does not know it', () => {
    expect(partition().append(idempotent(40))).toBe(0);
  });

  it('begins at 0 again in a new epoch, after which its old epoch is fenced', () => {
    const { append } = partition();
    append(idempotent(0));
    expect(append(idempotent(1, 1, { epoch: 1 }))).toEqual({ error: code.OUT_OF_ORDER_SEQUENCE_NUMBER });
    expect(append(idempotent(0, 1, { epoch: 1 }))).toBe(1);
    expect(append(idempotent(1))).toEqual({ error: code.INVALID_PRODUCER_EPOCH });
  });

  it('goes on at 0 after the sequence number 2,147,483,647', () => {
    const { append } = partition();
    append(idempotent(2 ** 31 - 2, 2));
    expect(append(idempotent(0))).toBe(2);
  });

  it('does not get in the way of another', () => {
    const { append } = partition();
    append(idempotent(0, 1, { producerId: 1 }));
    append(idempotent(0, 1, { producerId: 2 }));
    expect(append(idempotent(1, 1, { producerId: 1 }))).toBe(2);
  });
});

it('a producer that is not idempotent may send the same batch as often as it likes', () => {
  const { append } = partition();
  expect([makeBatch(), makeBatch(), makeBatch()].map(append)).toEqual([0, 1, 2]);
});
