import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Offsets } from '../../../../bridge/kafka/consumer/offsets.ts';

test('nothing is committed beyond the first record that is not settled, in whatever order they are', () => {
  const cases = fc.record({
    gaps: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 30 }),
    order: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
  });
  fc.assert(
    fc.property(cases, ({ gaps, order }) => {
      const offsets = new Offsets(5n, undefined);
      let next = 5n;
      const taken = gaps.map(gap => {
        const record = offsets.take(next + BigInt(gap));
        next = record.offset + 1n;
        return record;
      });
      const open = [...taken];
      for (const pick of order.slice(0, taken.length)) {
        offsets.settle(open.splice(pick % open.length, 1)[0]!);
        const first = open[0]?.offset ?? next;
        expect(offsets.safe).toBe(first);
        expect(offsets.open === 0).toBe(open.length === 0);
      }
    }),
  );
});

test('what nobody wants is passed over, but not before what was taken', () => {
  const offsets = new Offsets(0n, 0n);
  const record = offsets.take(0n);
  offsets.skipTo(10n);
  expect(offsets.safe).toBe(0n);
  offsets.settle(record);
  expect([offsets.safe, offsets.committed]).toEqual([10n, 0n]);
  offsets.committed = 10n;
  expect(offsets.safe).toBe(offsets.committed);
});
