/** Maps of Protobuf, whose keys are text here: what the bytes leave out, and keys that are numbers. */
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../rules/refusal.ts';
import { protobufCodec } from '../../../rules/schemas/protobuf/codec.ts';
import { Float, type Value } from '../../../rules/value.ts';
import { plainly } from './plainly.ts';

const mapOf = (key: string, value: string) =>
  protobufCodec(
    `syntax = "proto3"; enum E { X = 0; Y = 1; } message B { int32 n = 1; } message A { map<${key}, ${value}> m = 1; }`,
  );

// An entry without its value, as encoders write zeros, was the number 0 where bytes were meant.
test.each<[string, Value]>([
  ['double', new Float(0)],
  ['float', new Float(0)],
  ['int32', 0],
  ['sint64', 0],
  ['uint64', 0],
  ['fixed32', 0],
  ['bool', false],
  ['string', ''],
  ['bytes', Buffer.alloc(0)],
  ['E', 'X'],
  ['B', { n: 0 } as Value],
])('an entry that holds no %s has its zero', (type, zero) => {
  const codec = mapOf('string', type);
  for (const bytes of [Buffer.of(10, 0), Buffer.of(10, 2, 10, 0)]) {
    const value = codec.decode(bytes, 'A');
    expect(plainly(value)).toEqual(plainly({ m: { '': zero } } as unknown as Value));
    expect(plainly(codec.decode(codec.encode(value, 'A'), 'A'))).toEqual(plainly(value));
  }
});

describe('a key', () => {
  // Keys of 64 bits came as eight characters, one for each byte.
  test.each([
    ['int32', '-2147483648', '0a0e0880808080f8ffffffff01120176'],
    ['uint32', '4294967295', '0a0908ffffffff0f120176'],
    ['int64', '-7', '0a0e08f9ffffffffffffffff01120176'],
    ['int64', '9007199254740993', '0a0c088180808080808010120176'],
    ['int64', '12345678', '0a0808cec2f105120176'],
    ['uint64', '18446744073709551615', '0a0e08ffffffffffffffffff01120176'],
    ['sint64', '-7', '0a05080d120176'],
    ['fixed64', '5', '0a0c090500000000000000120176'],
    ['sfixed64', '-7', '0a0c09f9ffffffffffffff120176'],
    ['bool', 'true', '0a050801120176'],
    ['bool', 'false', '0a050800120176'],
    ['string', '__proto__', '0a0e0a095f5f70726f746f5f5f120176'],
  ])('of %s may be %s', (type, key, hex) => {
    const codec = mapOf(type, 'string');
    const decoded = codec.decode(Buffer.from(hex, 'hex'), 'A') as { m: Record<string, Value> };
    expect(Object.entries(decoded.m).map(([name, value]) => [name, String(value)])).toEqual([[key, 'v']]);
    if (key !== '__proto__')
      expect(codec.encode({ m: { [key]: 'v' } } as unknown as Value, 'A').toString('hex')).toBe(hex);
  });

  // It was written as 0, or as false.
  test.each([
    ['int32', 'x'],
    ['int32', '2147483648'],
    ['uint32', '-1'],
    ['int64', '9223372036854775808'],
    ['uint64', '18446744073709551616'],
    ['int32', '1.5'],
    ['int32', ''],
    ['int32', ' 1'],
    ['int32', '01'],
    ['bool', '1'],
    ['bool', 'yes'],
  ])('of %s is refused when it is "%s"', (type, key) => {
    const encode = () => mapOf(type, 'string').encode({ m: { [key]: 'v' } } as unknown as Value, 'A');
    expect(encode).toThrow(Refusal);
    expect(encode).toThrow(`the field m has the key ${key}, which is no ${type}`);
  });
});
