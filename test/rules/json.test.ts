import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExactly } from '../../rules/exact-json.ts';
import { decodeJson, encodeJson } from '../../rules/json.ts';
import { shown } from '../../rules/shown.ts';
import { Float, newMap, type Value } from '../../rules/value.ts';
import { evaluated, thrownBy } from './support/evaluate.ts';

const decode = (text: string): Value => decodeJson(Buffer.from(text));

describe('numbers keep what they are', () => {
  test.each([
    ['2', 2],
    ['2.0', new Float(2)],
    ['-2.00', new Float(-2)],
    ['1e3', new Float(1000)],
    ['1.5E+3', new Float(1500)],
    ['1.05', 1.05],
    ['0.0', new Float(0)],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['-12345678901234567890', -12_345_678_901_234_567_890n],
    ['0.9999999999999999999999', new Float(1)],
    ['1.0000000000000000000001', new Float(1)],
    ['123456789012345.99999', new Float(123_456_789_012_346)],
    ['1e-7', 1e-7],
  ])('%s', (text, expected) => {
    expect(decode(text)).toEqual(expected);
    expect(decode(`{"a":[1, ${text}\n]}`)).toEqual({ a: [1, expected] });
  });

  test('text that looks like such a number stays text', () => {
    const text = '{"vin":"5YJ3E1EA7KF000316","serial":"12345678901234567890","version":"2.0","a":2}';
    expect(decode(text)).toEqual(JSON.parse(text));
  });

  test('what is decoded is encoded as it was', () => {
    for (const text of ['2.0', '[1,2.0,12345678901234567890]', '{"a":{"b":null,"c":true},"d":"ü"}', '1e+21']) {
      expect(encodeJson(decode(text))).toBe(text);
    }
  });
});

const json: fc.Arbitrary<unknown> = fc.jsonValue();

test('any JSON without such numbers decodes as JSON.parse does', () => {
  fc.assert(
    fc.property(json, value => {
      const text = JSON.stringify(value);
      const plain = JSON.parse(text, (_key, each) => (typeof each === 'number' && Number.isInteger(each) ? 7 : each));
      const plainText = JSON.stringify(plain);
      fc.pre(!/\d[eE][+-]?\d/.test(plainText));
      expect(decode(plainText)).toEqual(plain);
    }),
  );
});

test('the exact reader reads any JSON as JSON.parse does, but for the numbers that it keeps', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      const unwrapped = (each: Value): unknown => {
        if (each instanceof Float) return each.value;
        if (typeof each === 'bigint') return Number(each);
        if (Array.isArray(each)) return each.map(unwrapped);
        if (typeof each !== 'object' || each === null) return each;
        return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, unwrapped(inner)]));
      };
      expect(unwrapped(parseExactly(text))).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  '"a\\\\"',
  '"a\\"b"',
  '{"\\"}": "\\\\\\""}',
  '[[], {}, [ ] , { }]',
  ' "" ',
])('the exact reader reads %s', text => {
  expect(parseExactly(text)).toEqual(JSON.parse(text));
});

const exactNumber = fc.oneof(
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  fc.tuple(fc.integer(), fc.nat()).map(([whole, zeros]) => `${whole}.${'0'.repeat((zeros % 20) + 1)}`),
  fc.tuple(fc.integer(), fc.integer({ min: -5, max: 20 })).map(([whole, exponent]) => `${whole}e${exponent}`),
  fc.tuple(fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 25n })).map(([whole, part]) => `${whole}.${part}`),
);

test('a number is an integer exactly when it is written as one, wherever it stands', () => {
  fc.assert(
    fc.property(exactNumber, fc.constantFrom('', ' ', '[', '{"a":', '[1.5,', '["1e5",'), (number, before) => {
      const after = before.startsWith('[') ? ']' : before.startsWith('{') ? '}' : '';
      const decoded = decode(`${before}${number}${after}`);
      const value = Array.isArray(decoded)
        ? decoded.at(-1)
        : before.startsWith('{')
          ? (decoded as { a: Value }).a
          : decoded;
      if (/^-?\d+$/.test(number)) expect(BigInt(value as number)).toBe(BigInt(number));
      else if (Number.isInteger(Number(number))) expect(value).toEqual(new Float(Number(number)));
      else expect(value).toBe(Number(number));
    }),
  );
});

describe('encoding', () => {
  test('what is undefined is left out of maps, and null in lists', () => {
    expect(encodeJson({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
    expect(encodeJson({ a: undefined })).toBe('{}');
  });

  test('bytes become text', () => {
    expect(encodeJson({ a: Buffer.from('ü"') })).toBe('{"a":"ü\\""}');
  });

  test('bytes that are not UTF-8 are refused rather than corrupted', () => {
    expect(thrownBy(() => encodeJson([Buffer.from([0xff, 0xfe])])).code).toBe('value-not-text');
  });

  test('a value nested without end is refused, not a crash', () => {
    let deep: Value = [];
    for (let level = 0; level < 200_000; level++) deep = [deep];
    expect(thrownBy(() => encodeJson(deep)).code).toBe('value-not-encodable');
  });

  test('a key named __proto__ is a key', () => {
    expect(encodeJson(decode('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
    const map = newMap();
    map.__proto__ = 1;
    expect(encodeJson(map)).toBe('{"__proto__":1}');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe('what is not JSON', () => {
  test.each([
    ['', 'it is empty'],
    ['{', undefined],
    ['nul', undefined],
    ['1e999', undefined],
    ['\u00ff{}', undefined],
  ])('%j is payload-not-json', (text, reason) => {
    const error = thrownBy(() => decode(text));
    expect(error).toMatchObject({ code: 'payload-not-json', kind: 'permanent' });
    if (reason !== undefined) expect(error.details).toEqual({ reason });
  });

  test('bytes that are not UTF-8', () => {
    expect(thrownBy(() => decodeJson(Buffer.from('"\xff"', 'latin1'))).code).toBe('payload-not-json');
  });
});

// "Unexpected token" says nothing to somebody whose device sends a NUL after its text.
describe('what makes a payload no JSON is said in words of its own:', () => {
  test.each([
    ['a byte order mark', Buffer.from('\ufeff{"a": 1}'), 'byte order mark'],
    ['a NUL after the text', Buffer.from('{"a": 1}\0'), 'ends with a NUL byte after 8 bytes'],
    ['the rest of a buffer', Buffer.from(`{"a": 1}${'\0'.repeat(24)}`), 'ends with 24 NUL bytes after 8 bytes'],
    ['a NUL within', Buffer.from('{"a": \0}'), 'NUL byte at position 7'],
    ['UTF-16', Buffer.from('\ufeff{"a": 1}', 'utf16le'), 'UTF-16'],
    ['UTF-16 without a mark', Buffer.from('{"a": 1}', 'utf16le'), 'UTF-16'],
    ['no UTF-8', Buffer.from('22ff22', 'hex'), 'not UTF-8'],
    ['nothing', Buffer.alloc(0), 'it is empty'],
    ['a number beyond floats', Buffer.from('{"a": 1e999}'), 'the number 1e999 is larger than a float can be'],
    ['NaN', Buffer.from('{"a": NaN}'), 'NaN or Infinity'],
    ['minus infinity', Buffer.from('[-Infinity]'), 'it is not valid'],
    ['single quotes', Buffer.from("{'a': 1}"), 'double quotes'],
    ['a number of very many digits', Buffer.from('9'.repeat(20_000)), 'has 20000 digits'],
    ['very many levels', Buffer.from(`${'['.repeat(200_000)}1.0${']'.repeat(200_000)}`), 'nested too deeply'],
  ])('%s', (_what, payload, words) => {
    const { message } = thrownBy(() => decodeJson(payload));
    expect(message).toMatch(/^The payload is not JSON: /);
    if (words !== 'it is not valid') expect(message).toContain(words);
    expect(message.length).toBeLessThan(250);
  });

  test('an integer of 400 digits is a number like others', () => {
    expect(decodeJson(Buffer.from('9'.repeat(400)))).toBe(BigInt('9'.repeat(400)));
  });
});

// The payload {"a": None} was said to hold "NaN or Infinity".
test.each([
  ['{"a": None}', "Python's words"],
  ['[True, 1]', "Python's words"],
  ['{"a": NaN}', 'NaN or Infinity'],
  ['Not found', 'is not valid JSON'],
])('what is wrong with %s has its own words', (payload, words) => {
  expect(thrownBy(() => decodeJson(Buffer.from(payload))).message).toContain(words);
});

// `mkb eval` ended with a stack trace for a payload that was nested too deeply.
test('what is nested too deeply is shown to nobody, and says so', () => {
  let deep: Value = 1;
  for (let level = 0; level < 50_000; level++) deep = { a: deep };
  expect(thrownBy(() => shown(deep)).code).toBe('value-not-encodable');
  const text = `{"x": ${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`;
  expect(thrownBy(() => evaluated('payload.x = payload.x.a', text)).message).toContain('a value is nested too deeply');
});
