/** The wire format of Confluent's registry. Bytes of Protobuf are those of the tests of Protobuf, with the path of the type before them. */
import { describe, expect, test } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import { Refusal } from '../../../rules/refusal.ts';
import { avroCodec } from '../../../rules/schemas/avro/codec.ts';
import { pathTo, readTypePath, typeAt, writeTypePath } from '../../../rules/schemas/confluent.ts';
import { jsonCodec } from '../../../rules/schemas/json/codec.ts';
import { protobufCodec } from '../../../rules/schemas/protobuf/codec.ts';
import { RegistrySchema } from '../../../rules/schemas/registry.ts';
import { plainly } from './plainly.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

const avro = avroCodec('{"type": "record", "name": "P", "fields": [{"name": "x", "type": "int"}]}');
const json = jsonCodec('{"type": "object", "required": ["x"]}');
const protobuf = protobufCodec(`syntax = "proto3";
  message Location { float latitude = 1; }
  message Vehicle { message Trip { message Stop { string name = 1; } int32 km = 1; } string vin = 1; message Log { int32 n = 1; } }`);

const registry = () => {
  let now = 0;
  const schema = new RegistrySchema('cars', true, () => now);
  schema.learn(1, { kind: 'avro', codec: avro });
  schema.learn(2, { kind: 'json', codec: json });
  schema.learn(256, { kind: 'protobuf', codec: protobuf });
  return { schema, wait: (ms: number) => (now += ms) };
};

const failure = (action: () => unknown): MkbError => {
  try {
    action();
  } catch (error) {
    return error as MkbError;
  }
  throw new Error('nothing was thrown');
};

describe('a message says which schema it was written with', () => {
  test.each<[string, string, unknown]>([
    ['Avro', '00000000010a', { x: 5 }],
    ['JSON', `0000000002${Buffer.from('{"x":5}').toString('hex')}`, { x: 5 }],
    ['Protobuf, the first message', '0000000100000d0000c03f', { latitude: 1.5 }],
    ['Protobuf, the first message, written out', '00000001000200' + '0d0000c03f', { latitude: 1.5 }],
    ['Protobuf, another message', '00000001000202' + '0a0141', { vin: 'A' }],
    ['Protobuf, a message within a message', '0000000100' + '040200' + '0805', { km: 5 }],
    ['Protobuf, the second within one', '0000000100' + '040202' + '0805', { n: 5 }],
    ['Protobuf, three deep', '0000000100' + '06020000' + '0a0141', { name: 'A' }],
  ])('%s', (_name, hex, value) => {
    expect(plainly(registry().schema.decode(bytes(hex)))).toEqual(value);
  });

  test.each([
    ['', 'it takes 5'],
    ['00000001', 'it takes 5'],
    ['010000000102', 'begin with 1'],
    ['7b2278223a357d', 'begin with 123'],
    ['0000000001', 'end too early'],
    ['0000000100', 'ends too early'],
    ['0000000100ff', 'ends too early'],
    ['000000010003', 'makes no sense'],
    ['00000001000208', 'no message at 4'],
    ['0000000100040008', 'no message at 0, 4'],
  ])('%j is refused', (hex, reason) => {
    const attempt = () => registry().schema.decode(bytes(hex));
    expect(attempt).toThrow(Refusal);
    expect(attempt).toThrow(reason);
  });
});

describe('a message is written with', () => {
  test.each<[number, object, string | undefined, string]>([
    [1, { x: 5 }, undefined, '00000000010a'],
    [2, { x: 5 }, undefined, `0000000002${Buffer.from('{"x":5}').toString('hex')}`],
    [256, { latitude: 1.5 }, undefined, '0000000100' + '00' + '0d0000c03f'],
    [256, { vin: 'A' }, 'Vehicle', '0000000100' + '0202' + '0a0141'],
    [256, { n: 5 }, 'Vehicle.Log', '0000000100' + '040202' + '0805'],
  ])('schema %i', (id, value, type, hex) => {
    const { schema } = registry();
    schema.writeWith(id);
    expect(schema.encode(value as never, type).toString('hex')).toBe(hex);
    expect(plainly(schema.decode(bytes(hex)))).toEqual(value);
  });

  test('a type only where the schema has several', () => {
    const { schema } = registry();
    schema.writeWith(1);
    expect(() => schema.encode({ x: 5 }, 'P')).toThrow('takes no message type');
  });
});

describe('a schema that nobody knows yet', () => {
  test('is no refusal: whoever runs the rule is told which', () => {
    const { code, kind, details } = failure(() => registry().schema.decode(bytes('0000000007')));
    expect({ code, kind, details }).toEqual({
      code: 'schema-pending',
      kind: 'retryable',
      details: { name: 'cars', id: 7 },
    });
    expect(failure(() => registry().schema.encode({ x: 5 })).code).toBe('schema-pending');
  });

  test('is refused for a minute once the registry said that there is none', () => {
    const { schema, wait } = registry();
    schema.refuse(7, 'there is none');
    expect(() => schema.decode(bytes('0000000007'))).toThrow('there is none');
    wait(60_000);
    expect(failure(() => schema.decode(bytes('0000000007'))).code).toBe('schema-pending');
  });

  test('takes no memory for made-up ids', () => {
    const { schema } = registry();
    for (let id = 1000; id < 4000; id++) schema.refuse(id, 'none');
    const id = (number: number) => bytes(`00${number.toString(16).padStart(8, '0')}0a`);
    expect(() => schema.decode(id(3999))).toThrow('none');
    expect(failure(() => schema.decode(id(1000))).code).toBe('schema-pending');
    expect(plainly(schema.decode(id(1)))).toEqual({ x: 5 });
  });
});

describe('a schema of the document, under a subject of the registry', () => {
  const registration = { schema: 'point', subject: 'points-value' };

  test('is to be registered before its id is known', () => {
    const { schema } = registry();
    expect(failure(() => schema.idOf(registration)).details).toEqual({ name: 'cars', id: undefined, registration });
    schema.register(registration, 9);
    expect(schema.idOf(registration)).toBe(9);
    expect(failure(() => schema.idOf({ ...registration, subject: 'other' })).code).toBe('schema-pending');
  });

  test('may be refused by the registry', () => {
    const { schema } = registry();
    schema.refuse(registration, 'it is incompatible');
    expect(() => schema.idOf(registration)).toThrow('it is incompatible');
  });
});

test.each([
  [[0], '00'],
  [[1], '0202'],
  [[0, 0], '040000'],
  [[2, 100], '0404c801'],
])('the path %j is written and read', (positions, hex) => {
  expect(writeTypePath(positions).toString('hex')).toBe(hex);
  expect(readTypePath(bytes(hex), 0)).toEqual({ positions, end: hex.length / 2 });
});

test('a path leads to a message, and back', () => {
  const { names } = protobuf.types;
  for (const name of names) expect(typeAt(names, pathTo(names, name))).toBe(name);
});

test('reading needs no subject, and writing does', () => {
  const reading = new RegistrySchema('cars', false);
  expect(reading.problem('decode', undefined)).toBeUndefined();
  expect(reading.problem('encode', undefined)).toContain('names no subject');
  expect(reading.problem('decode', 'Vehicle')).toContain('the message says what it is');
});
