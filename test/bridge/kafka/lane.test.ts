import { expect, test } from 'vitest';
import { BufferPool } from '../../../bridge/kafka/buffer-pool.ts';
import { Lane } from '../../../bridge/kafka/lane.ts';
import { draft } from '../../../bridge/kafka/record.ts';
import { Turn } from '../../../bridge/kafka/turn.ts';

const pool = new BufferPool(1024 * 1024);
const identity = { producerId: 1n, producerEpoch: 0 };
const batchBytes = 1000;
/** A linger of so many milliseconds, whatever the broker does. */
const after = (ms: number) => ({ dueAt: (since: number) => since + ms });

function fill(lane: Lane, tokens: number[], { now = 0, bytes = 10 } = {}): boolean[] {
  return tokens.map(token => lane.append(draft({ value: Buffer.alloc(bytes) }), token, () => now, batchBytes, pool));
}

test('a batch waits for more records as long as the linger, and not when it is full', () => {
  const lane = new Lane('t', 0);
  fill(lane, [1], { now: 100 });
  expect(lane.dueAt(after(5), undefined)).toBe(105);
  expect(fill(lane, [2], { now: 101, bytes: 990 })).toEqual([true]);
  expect(lane.dueAt(after(5), undefined)).toBe(0);
});

test('a record that does not fit begins a new batch, and one that is larger than a batch goes alone', () => {
  const lane = new Lane('t', 0);
  expect(fill(lane, [1, 2], { bytes: 600 })).toEqual([false, true]);
  expect(fill(lane, [3], { bytes: 5000 })).toEqual([true]);
  const sent = [1, 2, 3].map(() => {
    lane.next();
    return [...lane.settleHead(true).tokens];
  });
  expect(sent).toEqual([[1], [2], [3]]);
  expect(lane.empty).toBe(true);
});

test('nothing is due while a batch is under way', () => {
  const lane = new Lane('t', 0);
  fill(lane, [1, 2], { bytes: 990 });
  lane.next();
  lane.sending = true;
  expect(lane.dueAt(after(0), undefined)).toBe(Number.POSITIVE_INFINITY);
});

test('a batch keeps its sequence number over all attempts, and the next one follows it', () => {
  const lane = new Lane('t', 0);
  fill(lane, [1, 2, 3]);
  lane.next();
  expect(lane.number(identity)).toEqual({ identity, sequence: 0 });
  expect(lane.number({ producerId: 9n, producerEpoch: 0 })).toEqual({ identity, sequence: 0 });
  lane.settleHead(true);
  fill(lane, [4]);
  lane.next();
  expect(lane.number(identity)).toEqual({ identity, sequence: 3 });
});

test('a new producer id counts from 0', () => {
  const lane = new Lane('t', 0);
  fill(lane, [1]);
  lane.next();
  lane.number(identity);
  lane.settleHead(true);
  fill(lane, [2]);
  lane.next();
  const renewed = { producerId: 2n, producerEpoch: 0 };
  expect(lane.number(renewed)).toEqual({ identity: renewed, sequence: 0 });
});

test('sequence numbers wrap from the largest 32-bit integer to 0 as the broker expects', () => {
  const lane = new Lane('t', 0);
  lane.identity = identity;
  lane.sequence = 2 ** 31 - 1;
  fill(lane, [1, 2]);
  lane.next();
  expect(lane.number(identity).sequence).toBe(2 ** 31 - 1);
  lane.settleHead(true);
  expect(lane.sequence).toBe(1);
});

test('parts take the place of the batch they were made of, before everything that came later', () => {
  const lane = new Lane('t', 0);
  fill(lane, [1, 2]);
  const head = lane.next();
  fill(lane, [3], { bytes: 990 });
  lane.replaceHead([head.part(index => index === 0), head.part(index => index === 1)]);
  const order = [1, 2, 3].map(() => {
    lane.next();
    return lane.settleHead(true).tokens[0];
  });
  expect(order).toEqual([1, 2, 3]);
});

test('draining gives every batch, oldest first, the one that is next included', () => {
  const lane = new Lane('t', 0);
  fill(lane, [1, 2, 3], { bytes: 990 });
  lane.next();
  expect(lane.drain().map(batch => batch.tokens[0])).toEqual([1, 2, 3]);
  expect(lane.empty).toBe(true);
});

test('a lane whose topic begins to take turns in the middle of a request counts with it', () => {
  const lanes = [0, 1].map(partition => new Lane('t', partition));
  const turn = new Turn();
  for (const lane of lanes) fill(lane, [1]);
  lanes[0]!.next();
  lanes[0]!.sending = true;
  for (const lane of lanes) lane.take(turn);
  expect(lanes[1]!.dueAt(after(0), undefined)).toBe(Number.POSITIVE_INFINITY);
  lanes[0]!.settleHead(true);
  // It does not linger either.
  expect(lanes[1]!.dueAt(after(1000), undefined)).toBe(0);
});
