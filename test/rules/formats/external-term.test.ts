import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../../rules/bit-string.ts';
import { decodeTerm, encodeTerm } from '../../../rules/formats/external-term.ts';
import { Refusal } from '../../../rules/refusal.ts';
import { Float, newMap, type Value, type ValueMap } from '../../../rules/value.ts';

const bits = fc
  .tuple(fc.bigInt({ min: 0n, max: 0x1fffn }), fc.constant(13))
  .map(([value, length]) => new BitString(value, length));

const { value: anyValue } = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Value>(true, false, null, undefined),
    fc.integer(),
    fc.bigInt({ min: 2n ** 60n, max: 2n ** 3000n }).map(size => (size % 2n === 0n ? size : -size)),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(size => (Number.isInteger(size) ? new Float(size) : size)),
    fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
    bits,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 4 }).map(items =>
      items.reduce<ValueMap>((map, item, at) => {
        map[`key ${at}`] = item;
        return map;
      }, newMap()),
    ),
  ),
}));

test('a value that is written is read back', () => {
  fc.assert(
    fc.property(anyValue, value => {
      expect(decodeTerm(encodeTerm(value))).toEqual(value);
    }),
  );
});

test('bytes are a value or refused, never a crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      const data = Buffer.from([131, ...bytes]);
      try {
        decodeTerm(data);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a compressed term is read', () => {
  // 131, 80, the size of what is compressed, and zlib's bytes.
  const plain = encodeTerm('a'.repeat(100)).subarray(1);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(plain.length);
  expect(decodeTerm(Buffer.concat([Buffer.of(131, 80), size, deflateSync(plain)]))).toEqual(
    Buffer.from('a'.repeat(100)),
  );
});
