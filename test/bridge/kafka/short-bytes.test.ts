/** A key that is short goes another way than a long one: both must give the same bytes, or records of one device land in two partitions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyShort, writeShort } from '../../../bridge/kafka/short-bytes.ts';

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 20, maxLength: 30 }),
);

test('text of any length and script is written as UTF-8', () => {
  fc.assert(
    fc.property(texts, text => {
      const target = Buffer.alloc(text.length * 3 + 1, 0xff);
      const length = writeShort(target, text);
      expect(target.subarray(0, length)).toEqual(Buffer.from(text));
    }),
  );
});

test('bytes of any length are copied, and none beside them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), fc.nat(60), (bytes, one, other) => {
      const source = Buffer.from(bytes);
      const [start = 0, end = 0] = [one, other].map(at => Math.min(at, source.length)).sort((a, b) => a - b);
      const target = Buffer.alloc(80, 0xee);
      expect(copyShort(source, start, end, target, 5)).toBe(5 + end - start);
      const expected = Buffer.concat([Buffer.alloc(5, 0xee), source.subarray(start, end), Buffer.alloc(80, 0xee)]);
      expect(target).toEqual(expected.subarray(0, 80));
    }),
  );
});
