import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { exampleMessage } from '../../rules/example-message.ts';
import { captureTopic } from '../../rules/sources.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import { thrownBy } from './support/evaluate.ts';

const message = exampleMessage({
  topic: 'cars/7/speed',
  payload: '{"speed": 80.0, "list": [1, 2], "null": null, "big": 12345678901234567890, "map": {"a": 1}}',
  qos: 1,
  timestamp: 5,
});

const filled = (sql: string, text: string) => {
  const rule = compileRule(sql);
  const template = compileTemplate(text, rule);
  const captures = captureTopic(rule.captureNames, rule.sources[0]!, message.topic);
  const row = rule.rows(message, captures)[0]!;
  return { value: template.value(message, captures, row), text: template.text(message, captures, row) };
};

describe('values', () => {
  const computed = 'SELECT payload.speed AS speed, payload.map AS map, payload.missing AS missing FROM "cars/{vin}/#"';
  const plain = 'SELECT payload FROM "cars/{vin}/#"';

  test.each([
    [plain, '${payload}', message.payload],
    [plain, '${vin}', '7'],
    [plain, '${timestamp}', 5],
    [plain, '${payload.speed}', { value: 80 }],
    [plain, '${payload.list[-1]}', 2],
    [plain, '${payload.missing}', undefined],
    [plain, '${payload.gone}', undefined],
    [plain, '${payload.gone:-none}', 'none'],
    [plain, '${payload.null:-none}', 'none'],
    [plain, 'v-${vin}-${qos}', 'v-7-1'],
    [plain, 'v-${payload.gone}-${payload.speed}', 'v--80.0'],
    [plain, 'big ${payload.big} ${payload.map}', 'big 12345678901234567890 {"a":1}'],
    [plain, 'fixed', 'fixed'],
    [plain, '', ''],
    [plain, '${$}{vin}', '${vin}'],
    [plain, '${json vin}', '"7"'],
    [
      plain,
      '{"v": ${json payload.speed}, "n": ${json payload.null}, "m": ${json payload.map}}',
      '{"v": 80.0, "n": null, "m": {"a":1}}',
    ],
    [plain, '${json payload.gone}', undefined],
    [plain, '${json payload.gone:-null}', 'null'],
    [plain, '${json payload.null:-none}', 'null'],
    ['SELECT payload.map AS json FROM "cars/#"', '${json.a}', 1],
    ['SELECT payload.map AS json FROM "cars/#"', '${json json}', '{"a":1}'],
    ['SELECT \'a"b\' AS t FROM "cars/#"', '[${json t}]', '["a\\"b"]'],
    [computed, '${speed}', { value: 80 }],
    [computed, '${map.a}', 1],
    [computed, '${missing}', undefined],
    [computed, '${vin}', '7'],
    [computed, '${payload.list[1]}', 1],
    ['SELECT payload.map.a FROM "cars/#"', '${payload.map.a}', 1],
    ['SELECT 5 AS qos FROM "cars/#"', '${qos}', 5],
    // An alias without a value is not the message's column of that name.
    ['SELECT payload.missing AS qos FROM "cars/#"', '${qos}', undefined],
    ['SELECT *, payload.missing AS qos FROM "cars/#"', '${qos}', undefined],
    ['SELECT payload.map AS payload.m FROM "cars/#"', '${payload.list[1]}', 1],
  ])('%s with %s', (sql, text, expected) => {
    expect(filled(sql, text).value).toEqual(expected);
  });

  test('as text, numbers and maps are written as str() writes them', () => {
    expect(filled(plain, '${payload.speed}').text).toBe('80.0');
    expect(filled(plain, '${payload.map}').text).toBe('{"a":1}');
    expect(filled(plain, '${payload.missing}').text).toBeUndefined();
  });

  test('${.} is the row as JSON, of a plain rule too', () => {
    expect(filled(computed, '${.}').text).toBe('{"speed":80.0,"map":{"a":1}}');
    expect(JSON.parse(filled('SELECT qos, vin, payload FROM "cars/{vin}/#" WHERE qos = 1', '${.}').text!)).toEqual({
      qos: 1,
      vin: '7',
      payload: message.payload.toString(),
    });
    expect(JSON.parse(filled('SELECT * FROM "cars/#"', 'row: ${.}').text!.slice(5))).toMatchObject({
      topic: message.topic,
    });
  });
});

describe('what a sink can know beforehand', () => {
  test.each<[string, string, Partial<CompiledTemplate>]>([
    ['SELECT payload FROM "a/{vin}"', 'fixed', { constant: 'fixed', column: undefined }],
    ['SELECT payload FROM "a/{vin}"', '${payload}', { column: 'payload', capture: undefined }],
    ['SELECT payload FROM "a/{vin}"', '${topic}', { column: 'topic' }],
    ['SELECT payload FROM "a/{vin}"', '${vin}', { column: undefined, capture: 0 }],
    ['SELECT payload FROM "a/{clientid}"', '${clientid}', { column: undefined, capture: 0 }],
    ['SELECT payload.x AS topic FROM "a"', '${topic}', { column: undefined }],
    ['SELECT payload.x AS x FROM "a"', '${payload}', { column: 'payload' }],
    ['SELECT payload FROM "a"', '${payload:-x}', { column: undefined }],
    ['SELECT payload FROM "a"', '${payload.x}', { column: undefined, readsPayload: true }],
    ['SELECT payload FROM "a"', '${payload} ', { column: undefined, readsPayload: false }],
  ])('%s with %s', (sql, text, expected) => {
    expect(compileTemplate(text, compileRule(sql))).toMatchObject(expected);
  });
});

describe('what can never have a value is refused', () => {
  // A key of ${topic.vin} was valid, and every record had no key.
  test.each([
    '${topic.vin}',
    '${topic[1]}',
    '${qos.x}',
    '${.timestamp.s}',
    '${vin.x}',
    'car-${vin.x:-none}',
  ])('%s', text => {
    const rule = compileRule('SELECT payload FROM "cars/{vin}"');
    const error = thrownBy(() => compileTemplate(text, rule));
    expect(error.code).toBe('template-nothing-inside');
  });

  test.each([
    '${payload.x}',
    '${flags.retain}',
    "${pub_props.'User-Property'.x}",
    '${topic.x}',
  ])('%s may have one', text => {
    expect(() => compileTemplate(text, compileRule('SELECT *, payload.t AS topic FROM "#"'))).not.toThrow();
  });

  test.each([
    ['${topics}', 'Did you mean topic?'],
    ['key ${vinn}', 'Did you mean vin?'],
    ['${xyzzy.a}', undefined],
  ])('%s', (text, hint) => {
    const error = thrownBy(() => compileTemplate(text, compileRule('SELECT payload FROM "a/{vin}"')));
    expect(error).toMatchObject({ code: 'template-unresolvable', details: { at: text.indexOf('$') } });
    expect((error.details as { hint?: string }).hint).toBe(hint);
  });

  test('a payload that is not JSON fails a template that looks inside it', () => {
    const rule = compileRule('SELECT payload FROM "#"');
    const template = compileTemplate('${payload.x}', rule);
    const bad = exampleMessage({ topic: 'a', payload: 'no' });
    expect(thrownBy(() => template.value(bad, [], {})).code).toBe('payload-not-json');
  });
});
