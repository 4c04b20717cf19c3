import { expect, test } from 'vitest';
import { BufferPool } from '../../../bridge/kafka/buffer-pool.ts';

test('what is lent is counted, by what it really takes', () => {
  const pool = new BufferPool(1024 * 1024);
  const first = pool.take(3000);
  expect(first.length).toBe(4096);
  pool.take(1);
  expect(pool.lent).toBe(4096 + 1024);
  pool.give(first);
  expect(pool.lent).toBe(1024);
});

test('a buffer that came back is lent again', () => {
  const pool = new BufferPool(1024 * 1024);
  const first = pool.take(5000);
  pool.give(first);
  expect(pool.take(6000)).toBe(first);
});

test('no more is kept than the pool may keep', () => {
  const pool = new BufferPool(10_000);
  const [first, second] = [pool.take(8192), pool.take(8192)];
  pool.give(first);
  pool.give(second);
  expect(pool.take(8192)).toBe(first);
  expect(pool.take(8192)).not.toBe(second);
});
