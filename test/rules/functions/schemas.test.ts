/**
 * Facts of https://docs.emqx.com/en/emqx/latest/data-integration/schema-registry.html and its pages of examples (Avro, Protobuf, JSON
 * Schema): which arguments the functions take, and what they give.
 */
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { evaluateOnce, exampleMessage } from '../../../rules/example-message.ts';
import { schemasOf } from '../../../rules/schemas/schemas.ts';
import type { Value } from '../../../rules/value.ts';
import { plainly } from '../schemas/plainly.ts';
import { thrownBy } from '../support/evaluate.ts';

const schemas = schemasOf([
  {
    name: 'avro_user',
    avro: `{"type": "record", "name": "myrecord1", "fields": [
      {"name": "name", "type": "string"},
      {"name": "favorite_number", "type": ["int", "null"]},
      {"name": "favorite_color", "type": ["string", "null"]}]}`,
  },
  {
    name: 'protobuf_person',
    protobuf:
      'message Person { required string name = 1; required int32 id = 2; optional string email = 3; } message Other {}',
  },
  {
    name: 'json_array',
    json: `{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array",
      "prefixItems": [{"type": "integer"}, {"$ref": "#/prefixItems/0"}], "minItems": 2, "maxItems": 2}`,
  },
  { name: 'registry', registry: { url: 'http://registry:8081', requestTimeout: '10s' } },
]);

const rows = (sql: string, payload: Buffer | string = '') =>
  evaluateOnce(sql, exampleMessage({ topic: 't/1', payload }), { schemas });

const result = (expression: string, payload: Buffer | string = ''): Value =>
  rows(`SELECT ${expression} AS v FROM "t/#"`, payload)[0]?.v;

/** By hand: the name, 666 as the first of its union, the colour as the first of its own. */
const shawnAvro = Buffer.from('0a536861776e00b40a0006726564', 'hex');
const shawn = { name: 'Shawn', favorite_number: 666, favorite_color: 'red' };

describe("EMQX's examples", () => {
  test('Avro: the decoded map stands in WHERE, and in a path', () => {
    const sql = `SELECT schema_decode('avro_user', payload) as avro_user, payload FROM "t/#" WHERE avro_user.name = 'Shawn'`;
    expect(plainly(rows(sql, shawnAvro)[0]?.avro_user)).toEqual(shawn);
  });

  test('Avro: JSON is decoded before it is encoded', () => {
    const sql = `SELECT schema_encode('avro_user', json_decode(payload)) as avro_user FROM "t/#"`;
    expect(rows(sql, JSON.stringify(shawn))[0]?.avro_user).toEqual(shawnAvro);
  });

  test('Protobuf: the third argument is the type of message', () => {
    const person = { name: 'Shawn', id: 1, email: 'liuxy@emqx.io' };
    const bytes = Buffer.from('0a05536861776e10011a0d6c6975787940656d71782e696f', 'hex');
    expect(plainly(result("schema_decode('protobuf_person', payload, 'Person')", bytes))).toEqual(person);
    const encode = "schema_encode('protobuf_person', json_decode(payload), 'Person')";
    expect(result(encode, JSON.stringify(person))).toEqual(bytes);
  });

  test('JSON Schema: schema_check says whether the payload passes', () => {
    const sql = `SELECT * FROM "t/#" WHERE schema_check('json_array', payload)`;
    expect(rows(sql, '[1, 2]')).toHaveLength(1);
    expect(rows(sql, '[1, "2"]')).toHaveLength(0);
  });
});

describe('schema_check', () => {
  test.each<[string, Buffer | string, boolean]>([
    ["schema_check('avro_user', payload)", shawnAvro, true],
    ["schema_check('avro_user', payload)", shawnAvro.subarray(1), false],
    ["schema_check('avro_user', payload)", '', false],
    ["schema_check('avro_user', json_decode(payload))", JSON.stringify(shawn), true],
    ["schema_check('avro_user', json_decode(payload))", '{"name": 5}', false],
    ["schema_check('avro_user', 5)", '', false],
    ["schema_check('avro_user', payload.missing)", '{}', false],
    ["schema_check('protobuf_person', payload, 'Person')", 'no person', false],
    ["schema_check('json_array', payload)", 'no JSON', false],
    ["schema_check('json_array', [1, 2])", '', true],
    ["schema_check('json_array', [1, 2.5])", '', false],
    ["schema_check('registry', payload)", 'no id', false],
  ])('%s of %j is %j', (expression, payload, expected) => {
    expect(result(expression, payload)).toBe(expected);
  });
});

describe('what does not fit the schema fails the message', () => {
  test.each([
    ["schema_decode('avro_user', payload)", 'x', 'the bytes end too early'],
    ["schema_decode('avro_user', payload.missing)", '{}', 'data must be bytes or text'],
    ["schema_encode('avro_user', payload.user)", '{"user": {}}', 'name: it must be text'],
    ["schema_encode('avro_user', payload.missing)", '{}', 'must be a map'],
    ["schema_decode('protobuf_person', payload, payload.type)", '{"type": "Persona"}', 'did you mean Person?'],
    ['schema_decode(payload.schema, payload)', '{"schema": "none"}', 'there is no schema named none'],
    ["schema_decode('json_array', payload)", '[1]', 'must not have fewer than 2 items'],
    ["schema_decode('registry', payload)", 'abcdef', 'begin with 97, not with 0'],
  ])('%s of %s', (expression, payload, reason) => {
    const error = thrownBy(() => result(expression, payload));
    expect(error.code).toBe('rule-failed');
    expect(error.message).toContain(reason);
  });

  test('a schema that must be asked for first is another thing', () => {
    const decode = "schema_decode('registry', payload)";
    const check = "schema_check('registry', payload)";
    for (const expression of [decode, check])
      expect(thrownBy(() => result(expression, Buffer.of(0, 0, 0, 0, 7))).code).toBe('schema-pending');
  });
});

describe('a call that can never work is found when the rule is loaded', () => {
  test.each([
    ["schema_decode('avro_uzer', payload)", 'rule-unknown-name', 'Did you mean avro_user?'],
    ["schema_check('zebra', payload)", 'rule-unknown-name', 'spec.schemas has avro_user, protobuf_person'],
    ["schema_decode('protobuf_person', payload)", 'rule-arguments', 'needs the type of message'],
    ["schema_decode('protobuf_person', payload, 'Persom')", 'rule-arguments', 'did you mean Person?'],
    ["schema_encode('avro_user', payload, 'User')", 'rule-arguments', 'takes no message type with an Avro schema'],
    ["schema_encode('registry', payload)", 'rule-arguments', 'names no subject'],
    ["schema_decode('registry', payload, 'Person')", 'rule-arguments', 'the message says what it is'],
    ["schema_decode('avro_user')", 'rule-arguments', 'takes 2 to 3 arguments'],
    ["schema_decode_tagged('avro_user', payload)", 'rule-arguments', 'avro_user is a schema without a registry'],
    ["schema_decode_tagged('registri', payload)", 'rule-unknown-name', 'Did you mean registry?'],
    ["avro_decode('avro_user', payload, 1)", 'rule-arguments', 'needs a registry'],
    ["avro_encode('registry', payload, '1')", 'rule-arguments', 'id must be a whole number'],
    ["schema_encode_and_tag('avro_user', 'avro_user', payload, 's')", 'rule-arguments', 'needs a registry'],
    ["schema_encode_and_tag('registry', 'registry', payload, 's')", 'rule-arguments', 'takes a schema of Avro or JSON'],
    ["schema_encode_and_tag('protobuf_person', 'registry', payload, 's')", 'rule-arguments', 'takes a schema of Avro'],
    ['schema_decode(5, payload)', 'rule-arguments', 'schema must be text'],
  ])('%s', (expression, code, reason) => {
    const error = thrownBy(() => compileRule(`SELECT ${expression} AS v FROM "t"`, { schemas }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(reason);
  });

  test('its place is that of the name, or of the type', () => {
    const place = (expression: string) =>
      thrownBy(() => compileRule(`SELECT ${expression} AS v FROM "t"`, { schemas })).details;
    expect(place("schema_decode('avro_uzer', payload)")).toMatchObject({ column: 22 });
    expect(place("schema_decode('protobuf_person', payload, 'Persom')")).toMatchObject({ column: 50 });
  });

  test('without schemas the document is told to have none', () => {
    const error = thrownBy(() => compileRule(`SELECT schema_decode('a', payload) AS v FROM "t"`));
    expect(error.message).toContain('spec.schemas has none');
  });
});
