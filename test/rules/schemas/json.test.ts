import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../rules/refusal.ts';
import { SchemaFault } from '../../../rules/schemas/fault.ts';
import { jsonCodec } from '../../../rules/schemas/json/codec.ts';
import { Float, type Value } from '../../../rules/value.ts';
import { plainly } from './plainly.ts';

const codec = (schema: unknown) => jsonCodec(JSON.stringify(schema));

const car = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    vin: { type: 'string', pattern: '^[A-Z0-9]{4}$' },
    speed: { type: 'number', minimum: 0 },
    doors: { type: 'integer' },
    tags: { type: 'array', items: { $ref: '#/definitions/tag' }, uniqueItems: true },
  },
  required: ['vin', 'speed'],
  additionalProperties: false,
  definitions: { tag: { enum: ['a', 'b'] } },
};

const holds = (schema: unknown, json: string): boolean => {
  try {
    codec(schema).decode(Buffer.from(json));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    return false;
  }
};

describe('JSON that is as the schema says', () => {
  test('is decoded with its numbers as they are', () => {
    const value = codec(car).decode(Buffer.from('{"vin": "0MK3", "speed": 2.0, "doors": 12345678901234567890}'));
    expect(plainly(value)).toEqual({ vin: '0MK3', speed: new Float(2), doors: 12_345_678_901_234_567_890n });
  });

  test('is written', () => {
    expect(
      codec(car)
        .encode({ vin: '0MK3', speed: new Float(2) })
        .toString(),
    ).toBe('{"vin":"0MK3","speed":2.0}');
  });

  test.each([
    ['', 'must be JSON'],
    ['{', 'must be JSON'],
    ['null', 'must be object'],
    ['{"vin": "0MK3"}', 'required properties speed'],
    ['{"vin": "0MK3", "speed": -1}', '/speed must be >= 0'],
    ['{"vin": "0MK3x", "speed": 1}', '/vin must match pattern'],
    ['{"vin": "0MK3", "speed": 1, "doors": 1.5}', '/doors must be integer'],
    ['{"vin": "0MK3", "speed": 1, "tags": ["c"]}', '/tags/0'],
    ['{"vin": "0MK3", "speed": 1, "tags": ["a", "a"]}', '/tags'],
    ['{"vin": "0MK3", "speed": 1, "more": 1}', ''],
  ])('but %j is refused', (text, reason) => {
    const attempt = (): Value => codec(car).decode(Buffer.from(text));
    expect(attempt).toThrow(Refusal);
    expect(attempt).toThrow(reason);
  });
});

/** https://docs.emqx.com/en/emqx/latest/data-integration/schema-registry-example-json.html */
test("the array of EMQX's documentation takes two integers", () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'array',
    prefixItems: [{ type: 'integer' }, { $ref: '#/prefixItems/0' }],
    minItems: 2,
    maxItems: 2,
  };
  expect(holds(schema, '[1, 2]')).toBe(true);
  expect(holds(schema, '[1]')).toBe(false);
  expect(holds(schema, '[1, "2"]')).toBe(false);
  expect(holds(schema, '[1, 2, 3]')).toBe(false);
});

describe('keywords', () => {
  test.each<[object | boolean, string, string]>([
    [true, '1', ''],
    [{ const: { a: 1 } }, '{"a": 1}', '{"a": 2}'],
    [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, '"x"', '3'],
    [{ oneOf: [{ minimum: 1 }, { maximum: 3 }] }, '5', '2'],
    [{ not: { type: 'null' } }, '0', 'null'],
    [JSON.parse('{"if": {"minimum": 10}, "then": {"multipleOf": 10}, "else": false}'), '20', '15'],
    [{ contains: { const: 1 }, minContains: 2 }, '[1, 1]', '[1]'],
    [{ propertyNames: { maxLength: 1 } }, '{"a": 1}', '{"ab": 1}'],
    [{ patternProperties: { '^n_': { type: 'number' } }, additionalProperties: false }, '{"n_a": 1}', '{"n_a": "1"}'],
    [{ dependentRequired: { a: ['b'] } }, '{"a": 1, "b": 1}', '{"a": 1}'],
    [{ dependencies: { a: { required: ['b'] } } }, '{"b": 1}', '{"a": 1}'],
    [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, '{"a": 1}', '{"b": 1}'],
    [{ type: ['string', 'null'] }, 'null', '1'],
    [{ format: 'date-time' }, '"2026-01-01T00:00:00Z"', '"yesterday"'],
    [{ $ref: '#tag', $defs: { t: { $anchor: 'tag', type: 'integer' } } }, '1', '"1"'],
    [{ type: 'integer' }, '2.0', '2.5'],
    [{ required: ['toString'] }, '{"toString": 1}', '{}'],
    [{ type: 'integer', 'x-unit': 'km', title: 'Distance' }, '1', '"1"'],
  ])('%j takes %s and not %s', (schema, yes, no) => {
    expect(holds(schema, yes)).toBe(true);
    if (no !== '') expect(holds(schema, no)).toBe(false);
  });
});

test('a pattern that would take a backtracking engine years is matched at once', () => {
  const schema = codec({ type: 'string', pattern: '^(a+)+$' });
  expect(() => schema.decode(Buffer.from(JSON.stringify(`${'a'.repeat(50_000)}!`)))).toThrow(Refusal);
});

test('a schema that goes round in circles refuses, and does not fall over', () => {
  expect(holds({ $ref: '#' }, '1')).toBe(false);
});

test('a value that JSON cannot hold is refused', () => {
  expect(() => codec(true).encode(Buffer.of(255))).toThrow();
});

describe('a schema that cannot be used is told with its place', () => {
  test.each<[unknown, string, string]>([
    ['{"type": ', '', 'it is not JSON'],
    [[], '#', 'a schema is true, false, or a map'],
    [{ type: 'strin' }, '#/type', 'it takes array, boolean'],
    [{ properties: { a: { type: [] } } }, '#/properties/a/type', 'it takes'],
    [{ requird: ['a'] }, '#/requird', 'did you mean required?'],
    [{ required: 'a' }, '#/required', 'a list of names'],
    [{ minimum: '5' }, '#/minimum', 'a number'],
    [{ minLength: -1 }, '#/minLength', 'a whole number'],
    [{ properties: [] }, '#/properties', 'a map'],
    [{ anyOf: {} }, '#/anyOf', 'a list of schemas'],
    [{ pattern: '(?<=a)b' }, '#/pattern', 'regular expression'],
    [{ patternProperties: { '^(a+)+$': true } }, '#/patternProperties/^(a+)+$', 'cannot repeat a group'],
    [{ $ref: '#/$defs/none' }, '#/$ref', 'there is no #/$defs/none'],
    [{ $ref: 'https://example.com/car.json' }, '#/$ref', 'nothing is fetched'],
    [{ $schema: 'http://json-schema.org/draft-04/schema#' }, '#/$schema', 'no draft that can be used'],
    [{ exclusiveMaximum: true }, '#/exclusiveMaximum', 'a number'],
  ])('%j', (schema, at, reason) => {
    const attempt = () => (typeof schema === 'string' ? jsonCodec(schema) : codec(schema));
    expect(attempt).toThrow(SchemaFault);
    expect(attempt).toThrow(reason);
    expect(attempt).toThrow(expect.objectContaining({ at }));
  });
});
