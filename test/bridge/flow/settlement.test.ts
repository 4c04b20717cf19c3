import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeliveryHistogram } from '../../../bridge/flow/delivery-histogram.ts';
import { outcomeNumber, outcomes } from '../../../bridge/flow/outcome.ts';
import { Settlement } from '../../../bridge/flow/settlement.ts';

const { delivered, dead_lettered: deadLettered, rule_failed: ruleFailed } = outcomeNumber;

function setup(capacity = 8) {
  const settled: number[] = [];
  const histogram = new DeliveryHistogram();
  const settlement = new Settlement(
    capacity,
    { settle: arrival => settled.push(arrival), acknowledge: () => undefined },
    histogram,
  );
  const begin = (arrival: number) => settlement.begin(arrival, `t/${arrival}`, 1, false, 0);
  return { settlement, settled, histogram, begin };
}

describe('a message', () => {
  test('is settled when everything made of it has an outcome, not before', () => {
    const { settlement, settled, begin } = setup();
    const slot = begin(0);
    settlement.hold(slot);
    settlement.hold(slot);
    settlement.release(slot, delivered, 1);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([]);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([0]);
  });

  test('is not settled early although more records are made of it than 16 bits count', () => {
    const { settlement, settled, begin } = setup();
    const slot = begin(0);
    const records = 2 ** 16;
    for (let made = 0; made < records; made++) settlement.hold(slot);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([]);
    for (let written = 0; written < records; written++) settlement.release(slot, delivered, 1);
    expect(settled).toEqual([0]);
  });

  test('has the worst of its outcomes, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(outcomes.length - 1), { minLength: 1, maxLength: 20 }), list => {
        const { settlement, begin } = setup();
        const slot = begin(0);
        for (const _ of list.slice(1)) settlement.hold(slot);
        for (const outcome of list) settlement.release(slot, outcome, 1);
        expect(settlement.settled[Math.max(...list)]).toBe(1);
        expect(settlement.inFlight).toBe(0);
      }),
    );
  });

  test('may be made into more records than 16 bits can count, as an array of a payload may', () => {
    const { settlement, settled, begin } = setup();
    const slot = begin(0);
    for (let record = 0; record < 70_000; record++) settlement.hold(slot);
    for (let record = 0; record < 70_000; record++) settlement.release(slot, delivered, 1);
    expect(settled).toEqual([]);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([0]);
  });

  test('leaves nothing of its outcome to the message that gets its slot next', () => {
    const { settlement, begin } = setup(2);
    settlement.release(begin(0), ruleFailed, 1);
    settlement.release(begin(2), delivered, 1);
    expect([settlement.count('rule_failed'), settlement.count('delivered')]).toEqual([1, 1]);
  });
});

test('received is always the sum of all outcomes and what is in flight', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(outcomes.length - 1)), { maxLength: 200 }), steps => {
      const { settlement, begin } = setup(256);
      const open: number[] = [];
      let arrival = 0;
      for (const [arrives, outcome] of steps) {
        if (arrives || open.length === 0) open.push(begin(arrival++));
        else settlement.release(open.shift()!, outcome, 1);
        const sum = settlement.settled.reduce((total, count) => total + count, 0);
        expect(settlement.received).toBe(sum + settlement.inFlight);
        expect(settlement.inFlight).toBe(open.length);
      }
    }),
  );
});

test('the histogram counts deliveries only, each in the bucket of its duration', () => {
  const { settlement, histogram, begin } = setup();
  settlement.release(begin(0), delivered, 7);
  settlement.release(begin(1), deadLettered, 7);
  settlement.release(begin(2), delivered, 120_000);
  expect([...histogram.counts]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(histogram.sumSeconds).toBeCloseTo(120.007);
});

test('what a dead letter must know is remembered until the message is settled', () => {
  const { settlement } = setup();
  const slot = settlement.begin(5, 'a/b', 2, true, 0);
  const payload = Buffer.from('original');
  settlement.keepPayload(slot, payload);
  payload.fill('x');
  expect(settlement.recall(slot)).toEqual({ topic: 'a/b', qos: 2, retain: true, payload: Buffer.from('original') });
  settlement.release(slot, delivered, 1);
  expect(settlement.recall(slot).payload).toBeUndefined();
});
