// DDATA of a real plant named no metric and no datatype: records had aliases for names, and 4294967283 for -13 degrees.
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { exampleMessage } from '../../../rules/example-message.ts';
import { Births, sparkplugPlace } from '../../../rules/formats/sparkplug-births.ts';
import { encodeJson } from '../../../rules/json.ts';
import { Memory } from '../../../rules/memory.ts';
import { Refusal } from '../../../rules/refusal.ts';
import type { ValueMap } from '../../../rules/value.ts';
import { evaluated } from '../support/evaluate.ts';
import { fails, gives } from './cases.ts';

/** Encoded by Eclipse Tahu's sparkplug-payload 1.0.3. */
const tahu = {
  birth:
    'CIDQlf+8MRILCgViZFNlcSAIWAMSHAoUTm9kZSBDb250cm9sL1JlYmlydGgQACALcAASHgoLdGVtcGVyYXR1cmUQARiA0JX/vDEgA1D0////DxIRCgVzbWFsbBACIAFQ/////w8SDwoDbWlkEAMgAlDU/f//DxIUCgNiaWcQBCAEWICc6K/t/////wESEwoEcmF0ZRAFIAppAAAAAAAA+D8SDwoFbGFiZWwQBiAMegLDvBIRCgVpbWFnZRAHIBGCAQMA/xASNAoFdGFibGUQCCAQigEmCAISAW4SAXMYAxgMIg0KBgj/////DwoDMgFhIgkKAggCCgMyAWISLQoFcHJvcHMQCSAHSh4KBHVuaXQKA2xvdxIHCAxCA2tQYRIICAMY/P///w9YBxgA',
  data: 'COjXlf+8MRIKEAEgA1Dz////DxIKEAIgAVD+////DxIPEAQgBFiAiP3S6f////8BEgcQBiAMegF4GAE=',
  command: 'CIDQlf+8MRIaChROb2RlIENvbnRyb2wvUmViaXJ0aCALcAE=',
};

/** What spb_decode gives for messages that come one after the other. */
const plant = (selected = 'spb_decode(payload)') => {
  const rule = compileRule(`SELECT ${selected} AS v FROM "#"`);
  return (topic: string, payload: string | Buffer) => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload, 'base64') : payload;
    return JSON.parse(encodeJson(rule.rows(exampleMessage({ topic, payload: bytes }), [])[0]!.v ?? null));
  };
};

const encoded = (map: string) => evaluated(`spb_encode(${map})`) as Buffer;

describe("Eclipse Tahu's messages", () => {
  test('a birth has signs, bytes as base64, properties and a data set', () => {
    const { metrics, seq, birth_missing } = plant()('spBv1.0/g/NBIRTH/e', tahu.birth);
    expect({ seq, birth_missing }).toEqual({ seq: 0 });
    expect(metrics).toMatchObject([
      { name: 'bdSeq', long_value: 3 },
      { name: 'Node Control/Rebirth', boolean_value: false },
      { name: 'temperature', alias: 1, int_value: -12 },
      { name: 'small', int_value: -1 },
      { name: 'mid', int_value: -300 },
      { name: 'big', long_value: -5_000_000_000 },
      { name: 'rate', double_value: 1.5 },
      { name: 'label', string_value: 'ü' },
      { name: 'image', bytes_value: 'AP8Q' },
      { name: 'table', dataset_value: { rows: [{ elements: [{ int_value: -1 }, { string_value: 'a' }] }, {}] } },
      { name: 'props', properties: { keys: ['unit', 'low'], values: [{ string_value: 'kPa' }, { int_value: -4 }] } },
    ]);
  });

  test('data has the names of the birth', () => {
    const next = plant();
    next('spBv1.0/g/NBIRTH/e', tahu.birth);
    const { metrics } = next('spBv1.0/g/NDATA/e', tahu.data);
    expect(metrics).toMatchObject([
      { name: 'temperature', int_value: -13 },
      { name: 'small', int_value: -2 },
      { name: 'big', long_value: -6_000_000_000 },
      { name: 'label', string_value: 'x' },
    ]);
  });

  test('what a rule encodes to ask for a rebirth is what Tahu encodes', () => {
    const command =
      "{timestamp: 1700000000000, metrics: [{name: 'Node Control/Rebirth', datatype: 11, boolean_value: true}]}";
    expect(encoded(command).toString('base64')).toBe(tahu.command);
  });

  test('each message is encoded to bytes that decode to the same', () => {
    for (const payload of Object.values(tahu)) {
      const decoded = evaluated('spb_decode(base64_decode(payload))', payload);
      expect(evaluated('spb_decode(spb_encode(spb_decode(base64_decode(payload))))', payload)).toEqual(decoded);
    }
  });
});

describe('names and datatypes', () => {
  const bare = encoded('{metrics: [{alias: 1, int_value: 4294967283}]}');
  const named = encoded("{metrics: [{name: 'temperature', int_value: 4294967283}]}");
  const birthOf = (name: string) => encoded(`{metrics: [{name: '${name}', alias: 1, datatype: 3, int_value: 0}]}`);
  const complete = [{ name: 'temperature', alias: 1, datatype: 3, int_value: -13 }];

  test('come by alias, and give the number its sign', () => {
    const next = plant();
    next('spBv1.0/g/NBIRTH/e', tahu.birth);
    expect(next('spBv1.0/g/NDATA/e', bare)).toEqual({ metrics: complete });
    expect(next('spBv1.0/g/DDATA/e/d', bare)).toEqual({ metrics: complete });
    expect(next('spBv1.0/g/NDATA/e', named).metrics).toMatchObject([{ datatype: 3, int_value: -13 }]);
  });

  test('are those of the device before those of its node', () => {
    const next = plant();
    next('spBv1.0/g/NBIRTH/e', birthOf('of the node'));
    next('spBv1.0/g/DBIRTH/e/d', birthOf('of the device'));
    expect(next('spBv1.0/g/DDATA/e/d', bare).metrics[0].name).toBe('of the device');
    expect(next('spBv1.0/g/DDATA/e/d2', bare).metrics[0].name).toBe('of the node');
    expect(next('spBv1.0/g/NDATA/e', bare).metrics[0].name).toBe('of the node');
  });

  test('of devices are forgotten when their node is born again', () => {
    const next = plant();
    next('spBv1.0/g/DBIRTH/e/d', birthOf('old'));
    next('spBv1.0/g/NBIRTH/e', encoded('{seq: 0}'));
    expect(next('spBv1.0/g/DDATA/e/d', bare)).toMatchObject({ birth_missing: true });
  });

  test.each([
    ['spBv1.0/g/NDATA/other'],
    ['spBv1.0/other/NDATA/e'],
    ['spBv1.0/g/DDATA/other/d'],
  ])('of another place count for nothing: %s', topic => {
    const next = plant();
    next('spBv1.0/g/NBIRTH/e', tahu.birth);
    expect(next(topic, bare)).toEqual({ metrics: [{ alias: 1, int_value: 4_294_967_283 }], birth_missing: true });
  });

  test('that are not known are asked for once in a while', () => {
    const rule = compileRule(
      `LET p = spb_decode(payload)
       SELECT spb_encode({metrics: [{name: 'Node Control/Rebirth', datatype: 11, boolean_value: true}]}) AS command, edge
       FROM "spBv1.0/{plant}/NDATA/{edge}" WHERE p.birth_missing AND DEDUP([plant, edge], 60s)`,
    );
    const at = (timestamp: number) =>
      rule.rows(exampleMessage({ topic: 'spBv1.0/g/NDATA/e', payload: bare, timestamp }), ['g', 'e']).length;
    expect([at(0), at(1000), at(61_000)]).toEqual([1, 0, 1]);
  });

  test('a topic that is not of Sparkplug has neither births nor data', () => {
    const next = plant();
    next('spBv1.0/g/NBIRTH/e', tahu.birth);
    expect(next('x/g/NDATA/e', bare)).toEqual({ metrics: [{ alias: 1, int_value: 4_294_967_283 }] });
  });

  test('are remembered in SELECT although WHERE leaves births out', () => {
    const rule = compileRule(
      `FOREACH spb_decode(payload) AS p, p.metrics AS m DO m.name AS name FROM "spBv1.0/{g}/{kind}/{rest}#" WHERE kind IN ('NDATA', 'DDATA')`,
    );
    const next = (topic: string, kind: string, payload: Buffer) =>
      rule.rows(exampleMessage({ topic, payload }), ['g', kind, 'e']);
    expect(next('spBv1.0/g/NBIRTH/e', 'NBIRTH', Buffer.from(tahu.birth, 'base64'))).toEqual([]);
    expect(next('spBv1.0/g/NDATA/e', 'NDATA', bare)).toEqual([{ name: 'temperature' }]);
  });
});

describe('STATE', () => {
  test.each([
    ['spBv1.0/STATE/scada', '{"online": true, "timestamp": 5}', { online: true, timestamp: 5 }],
    ['STATE/scada', 'ONLINE', { online: true }],
    ['STATE/scada', 'OFFLINE', { online: false }],
  ])('%s %s', (topic, payload, expected) => {
    expect(plant()(topic, Buffer.from(payload))).toEqual(expected);
  });

  test.each(['', '5', 'online', '[]', 'ONLINE and more'])('%j is refused', payload => {
    expect(() => plant()('STATE/scada', Buffer.from(payload))).toThrow(/STATE message/);
  });
});

describe('what births may cost is bounded', () => {
  const place = (edge: string) => sparkplugPlace(`spBv1.0/g/NBIRTH/${edge}`)!;
  const birth = (bytes: number): ValueMap => ({ metrics: [{ name: 'x'.repeat(bytes), alias: 1, datatype: 3 }] });

  test('in one message', () => {
    expect(() => new Births(new Memory()).apply(birth(5 * 1024 * 1024), place('e'))).toThrow(Refusal);
  });

  test('all together: the edge node whose birth is oldest is forgotten', () => {
    const memory = new Memory();
    const births = new Births(memory);
    for (let edge = 0; edge < 40; edge++) births.apply(birth(1024 * 1024), place(`e${edge}`));
    expect(memory.size).toBeLessThan(33);
    expect(memory.get('g/e0')).toBeUndefined();
    expect(memory.get('g/e39')).toBeDefined();
    births.apply(birth(10), place('e39'));
    expect(memory.get('g/e39')).toBeDefined();
  });

  test('names like those of objects are names', () => {
    const next = plant();
    const hostile = encoded(
      "{metrics: [{name: '__proto__', alias: 1, datatype: 3, int_value: 0}, {name: 'constructor', alias: 2, datatype: 1, int_value: 0}]}",
    );
    next('spBv1.0/__proto__/NBIRTH/constructor', hostile);
    const { metrics } = next(
      'spBv1.0/__proto__/NDATA/constructor',
      encoded('{metrics: [{alias: 1, int_value: 1}, {alias: 2, int_value: 255}]}'),
    );
    expect(metrics.map(({ name, int_value }: { name: string; int_value: number }) => [name, int_value])).toEqual([
      ['__proto__', 1],
      ['constructor', -1],
    ]);
  });
});

describe('spb_zip_kvs', () => {
  gives([
    [
      `spb_zip_kvs({metrics: [{properties: {keys: ['leaf', 'one', 'more'], values: [{int_value: 99},
        {propertyset_value: {keys: ['inner'], values: [{int_value: 999}]}},
        {propertysets_value: {propertyset: [{keys: ['a'], values: [{int_value: 1}]}, {keys: ['b'], values: [{int_value: 2}]}]}}]}}]})`,
      {
        metrics: [
          {
            properties: {
              leaf: { int_value: 99 },
              one: { propertyset_value: { inner: { int_value: 999 } } },
              more: { propertysets_value: [{ a: { int_value: 1 } }, { b: { int_value: 2 } }] },
            },
          },
        ],
      },
    ],
    [
      `spb_zip_kvs({dataset_value: {num_of_columns: 2, types: [7, 12], columns: ['n', 's'],
        rows: [{elements: [{int_value: 3}, {string_value: 'a'}]}, {elements: [{int_value: 4}, {string_value: 'b'}]}]}})`,
      {
        dataset_value: {
          n: { elements: [{ int_value: 3 }, { int_value: 4 }] },
          s: { elements: [{ string_value: 'a' }, { string_value: 'b' }] },
        },
      },
    ],
    ["spb_zip_kvs({keys: ['a', 'b'], values: [1]})", { a: 1 }],
    ['spb_zip_kvs({seq: 1, metrics: []})', { seq: 1, metrics: [] }],
    ["spb_zip_kvs('text')", 'text'],
  ]);
});

describe('spb_encode', () => {
  gives([
    ["spb_decode(spb_encode({body: 'AP8=', metrics: [{name: 'a', bytes_value: ''}]})).body", 'AP8='],
    ['bin2hexstr(spb_encode({seq: 5, birth_missing: true}))', '1805'],
    ['spb_decode(spb_encode({metrics: [{datatype: 24, bytes_value: [-1, 2]}]})).metrics[1].bytes_value', [-1, 2]],
  ]);
  fails([
    "spb_encode({body: '!'})",
    "spb_encode({body: 'A'})",
    'spb_encode({metrics: [{datatype: 1, int_value: 300}]})',
    "spb_decode('not sparkplug')",
  ]);
});
