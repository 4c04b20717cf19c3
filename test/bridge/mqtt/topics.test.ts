import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Topics } from '../../../bridge/mqtt/topics.ts';

const topics = new Topics();
const find = (bytes: Buffer) =>
  topics.find(Buffer.concat([Buffer.from('x'), bytes, Buffer.from('x')]), 1, bytes.length + 1);

it('the string found again is the one that its bytes mean, whatever was found before', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', 'Ã', '©', '🚗'), minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.array(text), texts => {
      for (const topic of [...texts, ...texts]) expect(find(Buffer.from(topic))).toBe(topic);
    }),
  );
});

it('bytes that are no UTF-8 are refused even where a kept topic has the same character codes', () => {
  expect(find(Buffer.from('Ã©'))).toBe('Ã©');
  expect(() => find(Buffer.from('Ã©', 'latin1').subarray(0, 1))).toThrow(/not UTF-8/);
});

it('a wildcard is refused each time', () => {
  for (const _ of [1, 2]) expect(() => find(Buffer.from('a/+'))).toThrow(/wildcard/);
});
