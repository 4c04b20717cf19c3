/** The example message is that of EMQX's documentation, "Sparkplug B"; field numbers are the Sparkplug specification's. */
import { describe, expect, test } from 'vitest';
import { evaluateOnce, exampleMessage } from '../../../rules/example-message.ts';
import { rowOf } from '../support/evaluate.ts';
import { fails, gives } from './cases.ts';

const example = {
  timestamp: 1678094561521,
  metrics: [
    { name: 'counter_group1/counter1_1sec', timestamp: 1678094561525, datatype: 2, int_value: 424 },
    { name: 'counter_group1/counter1_run', timestamp: 1678094561525, datatype: 5, int_value: 1 },
    { name: 'counter_group1/counter1_reset', timestamp: 1678094561525, datatype: 5, int_value: 0 },
  ],
  seq: 88,
};

const roundTrip = 'sparkplug_decode(sparkplug_encode(json_decode(payload)))';

describe('Sparkplug B', () => {
  test('a payload that is encoded decodes to itself', () => {
    expect(rowOf(`SELECT ${roundTrip} AS v FROM "#"`, { payload: JSON.stringify(example) })?.v).toEqual(example);
  });

  test('every kind of value keeps its type', () => {
    const metrics = [
      { name: 'long', long_value: 9_007_199_254_740_991 },
      { name: 'double', double_value: 1.1 },
      { name: 'float', float_value: 1.5 },
      { name: 'flag', is_null: true, boolean_value: false },
      { name: 'text', string_value: 'ü', properties: { keys: ['unit'], values: [{ type: 12, string_value: 'km' }] } },
      {
        name: 'table',
        dataset_value: { num_of_columns: 1, columns: ['a'], types: [3], rows: [{ elements: [{ int_value: 5 }] }] },
      },
      { name: 'template', template_value: { version: '1', parameters: [{ name: 'p', boolean_value: true }] } },
    ];
    expect(rowOf(`SELECT ${roundTrip} AS v FROM "#"`, { payload: JSON.stringify({ metrics }) })?.v).toEqual({
      metrics,
    });
  });

  test('jq picks one metric of a payload, as in the documentation', () => {
    const payload = rowOf('SELECT sparkplug_encode(json_decode(payload)) AS v FROM "#"', {
      payload: JSON.stringify(example),
    });
    const sql = `FOREACH
      jq('.metrics[] | select(.name == "counter_group1/counter1_run")', sparkplug_decode(payload)) AS item
      DO item FROM "#"`;
    const message = exampleMessage({ topic: 't', payload: payload?.v as Buffer });
    expect(evaluateOnce(sql, message)).toEqual([{ item: example.metrics[1] }]);
  });

  gives([
    ['bin2hexstr(sparkplug_encode({seq: 5}))', '1805'],
    ["bin2hexstr(sparkplug_encode({metrics: [{name: 'a', int_value: 7}]}))", '12050A01615007'],
    ["bin2hexstr(sparkplug_encode({name: 'a'}, 'Payload.Metric'))", '0A0161'],
    ["sparkplug_decode(hexstr2bin('0A0161'), 'Payload.Metric')", { name: 'a' }],
    ["sparkplug_decode('')", {}],
    ['sparkplug_decode(sparkplug_encode({timestamp: 18446744073709551615})).timestamp', 18_446_744_073_709_551_615n],
    ["sparkplug_decode(sparkplug_encode({body: hexstr2bin('FF00')})).body = hexstr2bin('FF00')", true],
    ['sparkplug_decode(sparkplug_encode({metrics: [{float_value: 1.1}]})).metrics[1].float_value', 1.100000023841858],
  ]);
  fails([
    "sparkplug_decode('not sparkplug')",
    'sparkplug_encode({sequence: 5})',
    "sparkplug_encode({seq: 'five'})",
    'sparkplug_encode({seq: -1})',
    'sparkplug_encode({seq: 1.5})',
    'sparkplug_encode({metrics: 5})',
    'sparkplug_encode({metrics: [{int_value: 4294967296}]})',
    'sparkplug_encode(5)',
    "sparkplug_encode({}, 'Payload.Nothing')",
    'sparkplug_decode(5)',
  ]);
});
