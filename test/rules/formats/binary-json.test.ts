/** Examples of RFC 8949, appendix A, and of the specification of MessagePack; then what no library would be asked. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCbor, encodeCbor } from '../../../rules/formats/cbor.ts';
import { decodeMessagePack, encodeMessagePack } from '../../../rules/formats/message-pack.ts';
import { Refusal } from '../../../rules/refusal.ts';
import { Float, newMap, type Value, type ValueMap } from '../../../rules/value.ts';

const map = (entries: Record<string, Value>): ValueMap => Object.assign(newMap(), entries);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Those that are written in the form in which they are read have no third part. */
const cbor: readonly (readonly [hex: string, value: Value, written?: string])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
  ['c249010000000000000000', 18_446_744_073_709_551_616n],
  ['3bffffffffffffffff', -18_446_744_073_709_551_616n],
  ['c349010000000000000000', -18_446_744_073_709_551_617n],
  ['20', -1],
  ['3863', -100],
  ['3903e7', -1000],
  ['f90000', new Float(0), 'fa00000000'],
  ['f98000', new Float(-0), 'fa80000000'],
  ['f93c00', new Float(1), 'fa3f800000'],
  ['fb3ff199999999999a', 1.1],
  ['f93e00', 1.5, 'fa3fc00000'],
  ['f97bff', new Float(65504), 'fa477fe000'],
  ['fa47c35000', new Float(100_000)],
  ['fb7e37e43c8800759c', new Float(1e300)],
  ['f90001', 2 ** -24, 'fa33800000'],
  ['f9c400', new Float(-4), 'fac0800000'],
  ['f97c00', 'infinity', '68696e66696e697479'],
  ['fa7fc00000', 'nan', '636e616e'],
  ['fbfff0000000000000', '-infinity', '692d696e66696e697479'],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  [
    'c074323031332d30332d32315432303a30343a30305a',
    '2013-03-21T20:04:00Z',
    '74323031332d30332d32315432303a30343a30305a',
  ],
  ['c11a514b67b0', 1_363_896_240, '1a514b67b0'],
  ['40', Buffer.alloc(0)],
  ['4401020304', Buffer.of(1, 2, 3, 4)],
  ['60', ''],
  ['6449455446', 'IETF'],
  ['62c3bc', 'ü'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', map({})],
  ['a201020304', map({ 1: 2, 3: 4 }), 'a2613102613304'],
  ['a26161016162820203', map({ a: 1, b: [2, 3] })],
  ['5f42010243030405ff', Buffer.of(1, 2, 3, 4, 5), '450102030405'],
  ['7f657374726561646d696e67ff', 'streaming', '6973747265616d696e67'],
  ['9fff', [], '80'],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]], '8301820203820405'],
  ['bf61610161629f0203ffff', map({ a: 1, b: [2, 3] }), 'a26161016162820203'],
];

const messagePack: readonly (readonly [hex: string, value: Value, written?: string])[] = [
  ['c0', null],
  ['c2', false],
  ['c3', true],
  ['7f', 127],
  ['cc80', 128],
  ['cdffff', 65_535],
  ['ce00010000', 65_536],
  ['cfffffffffffffffff', 18_446_744_073_709_551_615n],
  ['e0', -32],
  ['d0df', -33],
  ['d1ff7f', -129],
  ['d2ffff7fff', -32_769],
  ['d38000000000000000', -9_223_372_036_854_775_808n],
  ['d30000000000000001', 1, '01'],
  ['ca3fc00000', 1.5],
  ['ca40000000', new Float(2)],
  ['cb3ff199999999999a', 1.1],
  ['cb7ff8000000000000', 'nan', 'a36e616e'],
  ['a0', ''],
  ['a3616263', 'abc'],
  [`d920${'61'.repeat(32)}`, 'a'.repeat(32)],
  [`da0100${'61'.repeat(256)}`, 'a'.repeat(256)],
  ['c403010203', Buffer.of(1, 2, 3)],
  ['93010203', [1, 2, 3]],
  [`dc0010${'01'.repeat(16)}`, Array.from({ length: 16 }, () => 1)],
  ['82a16101a16202', map({ a: 1, b: 2 })],
  ['8105c3', map({ 5: true }), '81a135c3'],
  ['d6ff59682f00', 1_500_000_000_000, 'cf0000015d3ef79800'],
  ['d7ff773594005968 2f00'.replace(' ', ''), 1_500_000_000_500, 'cf0000015d3ef799f4'],
  ['c70cff1dcd6500ffffffffffffffff', -500, 'd1fe0c'],
  ['d40a01', map({ type: 10, data: Buffer.of(1) }), '82a4747970650aa464617461c40101'],
];

describe.each([
  { name: 'CBOR', cases: cbor, decode: decodeCbor, encode: encodeCbor },
  { name: 'MessagePack', cases: messagePack, decode: decodeMessagePack, encode: encodeMessagePack },
])('$name', ({ cases, decode, encode }) => {
  test.each(
    cases.map(([bytes, value, written = bytes]) => ({ bytes, value, written })),
  )('$bytes is read and written', ({ bytes, value, written }) => {
    expect(decode(hex(bytes))).toEqual(value);
    expect(encode(value).toString('hex')).toBe(written);
  });

  test('what is written is read again as what it was', () => {
    const { value } = fc.letrec<{ value: Value }>(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Value>(null, true, false, new Float(2), new Float(-1e300), 2n ** 63n, -(2n ** 63n)),
        fc.integer(),
        fc.maxSafeInteger(),
        fc.double({ noDefaultInfinity: true, noNaN: true }).filter(each => !Number.isInteger(each)),
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }).map(each => Buffer.from(each)),
        fc.array(tie('value'), { maxLength: 20 }),
        fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 20 }).map(map),
      ),
    }));
    fc.assert(
      fc.property(value, each => {
        expect(decode(encode(each))).toEqual(each);
      }),
    );
  });

  test('any bytes are a value, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          expect(error instanceof Refusal || (error as { code?: string }).code === 'value-not-text').toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a part of a value, and more than one, are refused', () => {
    for (const [bytes] of cases) {
      expect(() => decode(hex(bytes).subarray(0, -1))).toThrow(Refusal);
      expect(() => decode(Buffer.concat([hex(bytes), hex('00')]))).toThrow(Refusal);
    }
  });
});

test.each([
  ['a list of four billion', decodeCbor, '9affffffff'],
  ['a list of eighteen quintillion', decodeCbor, '9bffffffffffffffff'],
  ['bytes of eighteen quintillion', decodeCbor, '5bffffffffffffffff'],
  ['a map of four billion', decodeMessagePack, 'dfffffffff'],
  ['text of four billion', decodeMessagePack, 'dbffffffff'],
  ['lists in lists', decodeCbor, '81'.repeat(100_000)],
  ['lists without end', decodeCbor, '9f'.repeat(100_000)],
  ['tags of tags', decodeCbor, 'c1'.repeat(100_000)],
  ['lists in lists', decodeMessagePack, '91'.repeat(100_000)],
  ['an end without beginning', decodeCbor, 'ff'],
  ['an end in a list with a length', decodeCbor, '82ff'],
  ['an end as a value', decodeCbor, 'bf6161ff'],
  ['an unending number', decodeCbor, '1f'],
  ['a text whose part is bytes', decodeCbor, '7f4161ff'],
  ['a simple value without meaning', decodeCbor, 'f0'],
  ['a reserved length', decodeCbor, '1c'],
  ['a map as a key', decodeCbor, 'a1a000'],
  ['a list as a key', decodeMessagePack, '819001'],
  ['a byte that begins nothing', decodeMessagePack, 'c1'],
  ['nothing', decodeCbor, ''],
  ['nothing', decodeMessagePack, ''],
] as const)('%s is refused', (_name, decode, bytes) => {
  expect(() => decode(hex(bytes))).toThrow(Refusal);
});

test('keys are keys, whatever they are called', () => {
  for (const [decode, encode] of [
    [decodeCbor, encodeCbor],
    [decodeMessagePack, encodeMessagePack],
  ] as const) {
    const value = decode(encode(Object.assign(newMap(), JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'))));
    expect(Object.keys(value as ValueMap)).toEqual(['__proto__', 'constructor']);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  }
});
