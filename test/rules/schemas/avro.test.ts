/** Bytes marked `fastavro` were written by fastavro 1.12 (Python); others by hand after the Avro specification 1.12. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../rules/refusal.ts';
import { avroCodec } from '../../../rules/schemas/avro/codec.ts';
import { SchemaFault } from '../../../rules/schemas/fault.ts';
import { Float, type Value } from '../../../rules/value.ts';
import { plainly } from './plainly.ts';

const codec = (schema: unknown) => avroCodec(JSON.stringify(schema));
const decoded = (schema: unknown, hex: string): Value => codec(schema).decode(Buffer.from(hex, 'hex'));
const encoded = (schema: unknown, value: Value): string => codec(schema).encode(value).toString('hex');

const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields });
const field = (name: string, type: unknown, rest: object = {}) => ({ name, type, ...rest });

const vehicle = {
  ...record(
    'Vehicle',
    field('vin', 'string'),
    field('speed', 'double'),
    field('odometer', 'long'),
    field('soc', 'int'),
    field('shift', { type: 'enum', name: 'Shift', symbols: ['P', 'R', 'N', 'D'] }),
    field('location', ['null', record('Location', field('latitude', 'float'), field('longitude', 'float'))], {
      default: null,
    }),
    field('tags', { type: 'map', values: 'string' }),
    field('cells', { type: 'array', items: 'int' }),
    field('digest', { type: 'fixed', name: 'Digest', size: 4 }),
    field('raw', 'bytes'),
    field('charging', 'boolean'),
  ),
  namespace: 'fleet',
};

const full = {
  vin: '0MK3',
  speed: 47.5,
  odometer: 9_007_199_254_740_993n,
  soc: -46,
  shift: 'D',
  location: { latitude: 48.125, longitude: 11.5 },
  tags: { fleet: 'süd' },
  cells: [1, -1, 64, -65, 2_147_483_647],
  digest: Buffer.of(0, 1, 254, 255),
  raw: Buffer.of(255, 0),
  charging: true,
};
/** fastavro */
const fullBytes =
  '08304d4b330000000000c0474082808080808080205b06020080404200003841020a666c6565740873c3bc64000a020180018101feffffff0f000001feff04ff0001';

const empty = {
  vin: '',
  speed: new Float(2),
  odometer: -(2n ** 63n),
  soc: 0,
  shift: 'P',
  location: null,
  tags: {},
  cells: [],
  digest: Buffer.of(0, 1, 254, 255),
  raw: Buffer.alloc(0),
  charging: false,
};
/** fastavro */
const emptyBytes = '000000000000000040ffffffffffffffffff0100000000000001feff0000';

describe('what another implementation wrote', () => {
  test.each([
    ['a record with a field of every type', vehicle, fullBytes, full],
    ['the same with nothing in it', vehicle, emptyBytes, empty],
    [
      'a record within itself',
      record('Tree', field('value', 'int'), field('children', { type: 'array', items: 'Tree' })),
      '02040400060208000000',
      {
        value: 1,
        children: [
          { value: 2, children: [] },
          { value: 3, children: [{ value: 4, children: [] }] },
        ],
      },
    ],
  ])('%s is read, and written alike', (_name, schema, hex, value) => {
    expect(plainly(decoded(schema, hex))).toEqual(value);
    expect(encoded(schema, value)).toBe(hex);
  });

  test.each<[Value, string]>([
    [0, '00'],
    [-1, '01'],
    [63, '7e'],
    [64, '8001'],
    [-64, '7f'],
    [-65, '8101'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
    [2 ** 49, '8080808080808002'],
    [2 ** 53 - 1, 'feffffffffffff1f'],
    [2n ** 53n, '8080808080808020'],
    [2n ** 53n + 1n, '8280808080808020'],
    [-(2n ** 53n) - 1n, '8180808080808020'],
    [2n ** 63n - 1n, 'feffffffffffffffff01'],
    [-(2n ** 63n), 'ffffffffffffffffff01'],
  ])('the long %s keeps every digit', (value, hex) => {
    expect(decoded('long', hex)).toBe(value);
    expect(encoded('long', value)).toBe(hex);
  });

  test.each<[Value, string]>([
    [null, '00'],
    [5, '020a'],
    [1.5, '04000000000000f83f'],
    ['x', '060278'],
    [[1, 2], '0804020400'],
  ])('of a union, the branch that takes %j is written', (value, hex) => {
    const schema = record('U', field('u', ['null', 'long', 'double', 'string', { type: 'array', items: 'int' }]));
    expect(encoded(schema, { u: value })).toBe(hex);
    expect(plainly(decoded(schema, hex))).toEqual({ u: value });
  });

  test.each<[string, string, Value]>([
    ['double', '000000000000f87f', 'nan'],
    ['float', '000080ff', '-infinity'],
    ['double', '0000000000000040', new Float(2)],
  ])('a %s that JSON has no number for is %j', (type, hex, value) => {
    expect(decoded(type, hex)).toEqual(value);
    expect(encoded(type, value)).toBe(hex);
  });
});

test('blocks may come one after the other, with their size before them', () => {
  expect(decoded({ type: 'array', items: 'int' }, '03040204020a00')).toEqual([1, 2, 5]);
});

describe('what a map does not have', () => {
  const schema = record(
    'D',
    field('a', 'int'),
    field('b', 'string', { default: 'x' }),
    field('c', ['int', 'null'], { default: 7 }),
    field('d', 'bytes', { default: 'ÿ\u0001' }),
    field('e', { type: 'map', values: 'int' }, { default: { k: 1 } }),
    field('f', ['null', 'string']),
  );

  test('is the default of its field, or null where that is allowed', () => {
    expect(encoded(schema, { a: 1 })).toBe('02' + '0278' + '000e' + '04ff01' + '02026b0200' + '00');
  });

  test('is missed where there is no default', () => {
    expect(() => encoded(schema, {})).toThrow(/^a: it must be a whole number of 32 bits, found undefined/);
  });

  test('null that is given is not what is missing', () => {
    expect(encoded(schema, { a: 1, c: null })).toBe('02' + '0278' + '02' + '04ff01' + '02026b0200' + '00');
  });

  test('more than the fields is left out, as in EMQX', () => {
    expect(encoded(record('R', field('a', 'int')), { a: 1, more: 2 })).toBe('02');
  });
});

describe('bytes that are not of the schema are refused', () => {
  test.each<[string, unknown, string]>([
    ['nothing at all', 'int', ''],
    ['a number that does not end', 'long', 'ffffffff'],
    ['a number of more than 64 bits', 'long', 'ffffffffffffffffffff01'],
    ['an int of 64 bits', 'int', '8080808080808020'],
    ['a text that is longer than the bytes', 'string', 'ff7f61'],
    ['a text of negative length', 'string', '01'],
    ['a text that is not UTF-8', 'string', '02ff'],
    ['a boolean of 2', 'boolean', '02'],
    ['a position that the union does not have', ['null', 'int'], '04'],
    ['a negative position', ['null', 'int'], '03'],
    ['an enum beyond its symbols', { type: 'enum', name: 'E', symbols: ['A'] }, '02'],
    ['a fixed that is cut off', { type: 'fixed', name: 'F', size: 4 }, '000000'],
    ['more bytes than the value', 'int', '0200'],
    ['a double that is cut off', 'double', '00000000'],
    ['a list of 2^60 elements', { type: 'array', items: 'int' }, '80808080808080802000'],
    ['a list of 2^60 elements without bytes', { type: 'array', items: 'null' }, '80808080808080802000'],
  ])('%s', (_name, schema, hex) => {
    expect(() => decoded(schema, hex)).toThrow(Refusal);
  });

  test('lists within lists go only so deep, and so do records', () => {
    const deep = record('L', field('next', ['null', 'L']));
    expect(() => decoded(deep, '02'.repeat(10_000))).toThrow(Refusal);
    const nest = Array.from({ length: 300 }).reduce<Value>(next => ({ next }), null);
    expect(() => encoded(deep, nest)).toThrow(Refusal);
  });

  test('any bytes give a value or a refusal, and what is read is written alike', () => {
    const { decode, encode } = codec(vehicle);
    const reads = (bytes: Buffer): Value => {
      try {
        return decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
        return undefined;
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(66), (noise, at) => {
        const bytes = Buffer.from(fullBytes, 'hex');
        bytes.set(noise.subarray(0, bytes.length - Math.min(at, bytes.length)), Math.min(at, bytes.length));
        for (const each of [Buffer.from(noise), bytes]) {
          const value = reads(each);
          if (value !== undefined) expect(plainly(decode(encode(value)))).toEqual(plainly(value));
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each<[unknown, Value]>([
  ['int', 2n ** 31n],
  ['int', new Float(2)],
  ['int', '5'],
  ['long', 2n ** 63n],
  ['string', 5],
  ['string', Buffer.of(255)],
  ['bytes', [1]],
  ['boolean', 'true'],
  ['null', 0],
  ['double', 'fast'],
  [{ type: 'enum', name: 'E', symbols: ['A'] }, 'B'],
  [{ type: 'fixed', name: 'F', size: 2 }, 'abc'],
  [{ type: 'array', items: 'int' }, { a: 1 }],
  [{ type: 'array', items: 'int' }, ['a']],
  [{ type: 'map', values: 'int' }, [1]],
  [['null', 'int'], 'a'],
  [record('R', field('a', 'int')), [1]],
])('as %j, %o cannot be written', (schema, value) => {
  const attempt = () => encoded(schema, value);
  expect(attempt).toThrow();
});

test('a key named __proto__ is a key like any other', () => {
  const schema = { type: 'map', values: 'int' };
  const hex = '02' + '125f5f70726f746f5f5f' + '02' + '00';
  const value = decoded(schema, hex) as Record<string, Value>;
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(codec(schema).encode(value).toString('hex')).toBe(hex);
});

describe('a schema that cannot be used is told with its place', () => {
  test.each<[string, string, string]>([
    ['{"type": "int"', '', 'it is not JSON'],
    ['"strin"', '', 'did you mean string?'],
    ['5', '', 'a type is a name'],
    ['{"type": "record", "fields": []}', 'name', 'needs a name'],
    ['{"type": "record", "name": "a-b", "fields": []}', 'name', 'needs a name'],
    ['{"type": "record", "name": "R"}', 'fields', 'needs a list of fields'],
    ['{"type": "record", "name": "R", "fields": [{"type": "int"}]}', 'fields[0]', 'needs a name'],
    [
      '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}',
      'fields[1]',
      'twice',
    ],
    ['{"type": "record", "name": "R", "fields": [{"name": "a", "type": "Other"}]}', 'fields[0].type', 'no type Other'],
    [
      '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": "x"}]}',
      'fields[0].default',
      "not of the field's type",
    ],
    ['{"type": "enum", "name": "E", "symbols": ["A", "A"]}', 'symbols', 'twice'],
    ['{"type": "fixed", "name": "F", "size": -1}', 'size', 'needs a size'],
    ['["int", ["null"]]', '[1]', 'no unions in it'],
    ['["int", "int"]', '[1]', 'twice'],
    [`${'{"type": "array", "items": '.repeat(200)}"int"${'}'.repeat(200)}`, '', 'too deeply'],
  ])('%.60s', (text, at, reason) => {
    const attempt = (): unknown => avroCodec(text);
    expect(attempt).toThrow(SchemaFault);
    expect(attempt).toThrow(reason);
    if (at !== '') expect(attempt).toThrow(expect.objectContaining({ at }));
  });
});

test('names are found in the namespace around them', () => {
  const schema = {
    ...record(
      'R',
      field('a', { type: 'enum', name: 'E', symbols: ['X'] }),
      field('b', 'E'),
      field('c', 'fleet.E'),
      field('d', { ...record('other.S', field('e', { type: 'fixed', name: 'F', size: 1 })) }),
      field('f', 'other.F'),
    ),
    namespace: 'fleet',
  };
  expect(encoded(schema, { a: 'X', b: 'X', c: 'X', d: { e: 'y' }, f: 'z' })).toBe(`000000${'79'}${'7a'}`);
});

test('a schema may use the types of those that it refers to', () => {
  const position = JSON.stringify(record('Position', field('x', 'int')));
  const { decode } = avroCodec(JSON.stringify(record('Car', field('at', 'Position'))), [position]);
  expect(plainly(decode(Buffer.of(2)))).toEqual({ at: { x: 1 } });
});
