// A temperature of -12 in a metric of type Int32 became 4294967284 in Kafka: Sparkplug has signed numbers in unsigned fields.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '../../../rules/formats/protobuf.ts';
import { sparkplugType } from '../../../rules/formats/sparkplug.ts';
import { decodedValues, valuesToEncode } from '../../../rules/formats/sparkplug-values.ts';
import type { Value } from '../../../rules/value.ts';
import { rowOf } from '../support/evaluate.ts';
import { fails } from './cases.ts';

const payload = sparkplugType('Payload')!;
/** As it is in the bytes, and as a rule sees it. */
const seen = (raw: Value): Value => decodedValues('Payload', decodeMessage(payload, encodeMessage(payload, raw)));
const written = (value: Value): Value =>
  decodeMessage(payload, encodeMessage(payload, valuesToEncode('Payload', value)));

describe('a number has the sign of its datatype, in', () => {
  const cases: readonly (readonly [type: number, field: string, raw: number | bigint, value: number | bigint])[] = [
    [1, 'int_value', 244, -12],
    [1, 'int_value', 4_294_967_284, -12],
    [1, 'int_value', 127, 127],
    [2, 'int_value', 65_524, -12],
    [2, 'int_value', 4_294_967_284, -12],
    [2, 'int_value', 32_768, -32_768],
    [3, 'int_value', 4_294_967_284, -12],
    [3, 'int_value', 2_147_483_648, -2_147_483_648],
    [3, 'long_value', 4_294_967_284, -12],
    [4, 'long_value', 18_446_744_073_709_551_604n, -12],
    [4, 'long_value', 9_223_372_036_854_775_808n, -9_223_372_036_854_775_808n],
    [5, 'int_value', 244, 244],
    [7, 'int_value', 4_294_967_284, 4_294_967_284],
    [8, 'long_value', 18_446_744_073_709_551_604n, 18_446_744_073_709_551_604n],
    [13, 'long_value', 1_678_094_561_525, 1_678_094_561_525],
  ];

  test.each(cases)('a metric of type %i: %s %s is %s', (datatype, field, raw, value) => {
    const metric = (held: number | bigint): Value => ({ metrics: [{ name: 'm', datatype, [field]: held }] });
    expect(seen(metric(raw))).toEqual(metric(value));
  });

  test.each(
    cases,
  )('a property, a parameter, a cell and a template of type %i: %s %s is %s', (type, field, raw, value) => {
    const all = (held: number | bigint): Value => ({
      metrics: [
        {
          name: 'm',
          properties: {
            keys: ['a', 'b', 'c'],
            values: [
              { type, [field]: held },
              { propertyset_value: { keys: ['x'], values: [{ type, [field]: held }] } },
              { propertysets_value: { propertyset: [{ keys: ['x'], values: [{ type, [field]: held }] }] } },
            ],
          },
          template_value: {
            metrics: [{ datatype: type, [field]: held }],
            parameters: [{ name: 'p', type, [field]: held }],
          },
        },
        {
          name: 'table',
          dataset_value: {
            columns: ['u', 'v'],
            types: [8, type],
            rows: [{ elements: [{ long_value: 18_446_744_073_709_551_604n }, { [field]: held }] }],
          },
        },
      ],
    });
    expect(seen(all(raw))).toEqual(all(value));
  });
});

test('without a datatype beside it, as in DDATA, a number stays what it is', () => {
  const raw = { metrics: [{ alias: 5, int_value: 4_294_967_284 }] };
  expect(seen(raw)).toEqual(raw);
});

describe('an array of whole numbers is a list:', () => {
  test.each([
    [22, 'F47F80', [-12, 127, -128]],
    [23, 'F4FFFF7F', [-12, 32_767]],
    [24, 'F4FFFFFF01000000', [-12, 1]],
    [25, 'F4FFFFFFFFFFFFFF', [-12]],
    [26, 'F4', [244]],
    [27, 'F4FF', [65_524]],
    [28, 'F4FFFFFF', [4_294_967_284]],
    [29, 'F4FFFFFFFFFFFFFF', [18_446_744_073_709_551_604n]],
    [34, '751B39B686010000', [1_678_094_441_333]],
    [24, '', []],
  ])('type %i, bytes %s', (datatype, hex, list) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(seen({ metrics: [{ datatype, bytes_value: bytes }] })).toEqual({
      metrics: [{ datatype, bytes_value: list }],
    });
    expect(written({ metrics: [{ datatype, bytes_value: list }] })).toEqual({
      metrics: [{ datatype, bytes_value: bytes }],
    });
  });

  test('bytes that are no whole number of elements, and those of other types, stay bytes', () => {
    for (const datatype of [24, 17, undefined]) {
      const raw = { metrics: [{ ...(datatype && { datatype }), bytes_value: Buffer.from([1, 2, 3]) }] };
      expect(seen(raw)).toEqual(raw);
    }
  });
});

test('any number of a signed type comes back from its bytes', () => {
  const signed = fc.constantFrom(
    [1, 8, 'int_value'],
    [2, 16, 'int_value'],
    [3, 32, 'int_value'],
    [4, 64, 'long_value'],
  );
  const any = signed.chain(([datatype, bits, field]) => {
    const most = 2n ** BigInt((bits as number) - 1);
    return fc.tuple(fc.constant(datatype as number), fc.constant(field as string), fc.bigInt(-most, most - 1n));
  });
  fc.assert(
    fc.property(any, ([datatype, field, big]) => {
      const value = big >= Number.MIN_SAFE_INTEGER && big <= Number.MAX_SAFE_INTEGER ? Number(big) : big;
      const message = { metrics: [{ datatype, [field]: value }] };
      expect(decodedValues('Payload', written(message))).toEqual(message);
    }),
  );
});

test.each([
  [1, 300],
  [2, 70_000],
  [1, 2_147_483_648],
])('a number that datatype %i cannot hold is shown as it came: %i', (datatype, int_value) => {
  const message = { metrics: [{ datatype, int_value }] };
  expect(seen(message)).toEqual(message);
});

test('a rule writes a negative number, and reads it back', () => {
  const metric = "{name: 't', datatype: 3, int_value: -12}";
  const sql = `SELECT sparkplug_decode(sparkplug_encode({metrics: [${metric}]})).metrics[1].int_value AS t FROM "#"`;
  expect(rowOf(sql)?.t).toBe(-12);
});

fails([
  'sparkplug_encode({metrics: [{datatype: 1, int_value: -129}]})',
  // 300 was written as an Int8, and read as 44.
  'sparkplug_encode({metrics: [{datatype: 1, int_value: 300}]})',
  'sparkplug_encode({metrics: [{datatype: 2, int_value: 70000}]})',
  'sparkplug_encode({metrics: [{datatype: 5, int_value: 256}]})',
  'sparkplug_encode({metrics: [{datatype: 6, int_value: 65536}]})',
  'sparkplug_encode({metrics: [{datatype: 3, int_value: -2147483649}]})',
  'sparkplug_encode({metrics: [{datatype: 7, int_value: -1}]})',
  'sparkplug_encode({metrics: [{int_value: -1}]})',
  'sparkplug_encode({metrics: [{datatype: 22, bytes_value: [128]}]})',
  'sparkplug_encode({metrics: [{datatype: 26, bytes_value: [-1]}]})',
  'sparkplug_encode({metrics: [{datatype: 24, bytes_value: [1.5]}]})',
  'sparkplug_encode({metrics: [{datatype: 17, bytes_value: [1]}]})',
]);
