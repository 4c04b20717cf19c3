import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkb } from './mkb-process.ts';

const point = '{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}';

const document = `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: cars}
spec:
  mqtt: {url: "mqtt://localhost:1883"}
  kafka: {bootstrapServers: ["localhost:9092"]}
  schemas:
    - {name: point, avro: '${point}'}
    - {name: points, registry: {url: "http://registry.invalid:8081", subject: points}}
  rules:
    - name: from-avro
      sql: SELECT schema_decode('point', payload) AS p FROM "cars/+"
      sinks: [{kafka: {topic: t, value: "\${p.x}"}}]
      tests:
        - name: bytes become a number
          message: {topic: cars/7, payload: "base64:Cg=="}
          records: [{value: "5"}]
        - name: what is cut off fails
          message: {topic: cars/7}
          error: rule-failed
    - name: from-registry
      sql: >-
        SELECT schema_decode('points', payload) AS p, schema_encode('points', {x: 7}) AS again FROM "tagged/+"
      sinks: [{kafka: {topic: t, key: "\${p.x}", value: "\${again}"}}]
    - name: losses
      sql: SELECT reason, topic FROM "$events/message/dropped" WHERE reason != 'record_refused'
      sinks: [{kafka: {topic: t, key: "\${reason}"}}]
`;

const tests = (registry: string) => `document: cars.yaml
registry:
${registry}
tests:
  - rule: from-registry
    name: a message says which schema it is of
    message: {topic: tagged/1, payload: "base64:AAAAAAcK"}
    records: [{key: "5", value: "base64:AAAAAAgO"}]
  - rule: losses
    name: a message that is dropped is told with its reason
    message:
      topic: $events/message/dropped
      userProperties: [{name: reason, value: rule_failed}, {name: topic, value: cars/7}]
    records: [{key: rule_failed, value: '{"reason": "rule_failed", "topic": "cars/7"}'}]
  - rule: losses
    name: but not for every reason
    message: {topic: $events/message/dropped, userProperties: [{name: reason, value: record_refused}]}
    rows: []
`;

const registry = `  - {name: points, id: 8, avro: '${point}'}
  - {name: points, id: 7, avro: '${point}'}`;

let folder: string;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-schemas-'));
  await writeFile(file('cars.yaml'), document);
  await writeFile(file('cars_test.yaml'), tests(registry));
  await writeFile(file('lacking_test.yaml'), tests('  []').replace('registry:\n  []\n', ''));
});
afterAll(() => rm(folder, { recursive: true }));

describe('mkb test', () => {
  it('knows the schemas of the document, those that the file gives for its registries, and events', async () => {
    const { code, stdout, stderr } = await mkb(['test', file('cars_test.yaml'), file('cars.yaml')]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('5 tests: all passed');
  });

  it('asks no registry, and says what to do instead', async () => {
    const { code, stdout } = await mkb(['test', file('lacking_test.yaml'), '--rule', 'from-registry']);
    expect(code).toBe(1);
    expect(stdout).toContain('error schema-pending: Schema 7 of the registry behind points is not known yet.');
  });

  it.each([
    [
      `  - {name: point, id: 7, avro: '"int"'}`,
      'No schema of the document that has a registry is named point.',
      'points',
    ],
    [`  - {name: points, id: 7, avro: '"itn"'}`, 'there is no type itn (did you mean int?).', 'registry[0].avro'],
    [`  - {name: points, id: 7}`, 'One of `json`, `avro` or `protobuf` is missing', 'registry[0]'],
  ])('tells with its place what is wrong with what the file gives: %s', async (given, reason, place) => {
    await writeFile(file('wrong_test.yaml'), tests(given));
    const { code, stderr } = await mkb(['test', file('wrong_test.yaml')]);
    expect(code).toBe(78);
    expect(stderr).toContain('wrong_test.yaml:3:');
    expect(stderr).toContain(reason);
    expect(stderr).toContain(place);
  });
});

describe('mkb eval', () => {
  const sql = `SELECT schema_decode('point', payload) AS p FROM "#"`;
  const message = ['--topic', 'a', '--payload-base64', 'Cg=='];

  it('takes the schemas of a document', async () => {
    const { stdout } = await mkb(['eval', sql, '--document', file('cars.yaml'), ...message]);
    expect(stdout).toBe('{"p":{"x":5}}\n');
  });

  it('has none without a document', async () => {
    const { code, stderr } = await mkb(['eval', sql, ...message]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no schema named point')]);
  });

  it('tells what is wrong with the document', async () => {
    await writeFile(file('wrong.yaml'), document.replace(`'${point}'`, `'"itn"'`));
    const { code, stderr } = await mkb(['eval', sql, '--document', file('wrong.yaml'), ...message]);
    expect([code, stderr]).toEqual([78, expect.stringContaining('wrong.yaml:8:27')]);
  });

  it('tries a rule that reads events', async () => {
    const rule = 'SELECT event, reason FROM "$events/message/dropped"';
    const event = ['--topic', '$events/message/dropped', '--user-property', 'reason=rule_failed'];
    expect((await mkb(['eval', rule, ...event])).stdout).toBe('{"event":"message.dropped","reason":"rule_failed"}\n');
  });
});

it('mkb repl takes the schemas of a document', async () => {
  const { stdout } = await mkb(['repl', '--document', file('cars.yaml')], {
    stdin: "bin2hexstr(schema_encode('point', {x: 5}))\n",
  });
  expect(stdout).toBe('"0A"\n');
});

it('mkb explain tells of schemas and events', async () => {
  const { stdout } = await mkb(['explain', file('cars.yaml')]);
  expect(stdout).toContain('matches  event $events/message/dropped');
});

it('mkb validate finds a name that no schema has, at its character', async () => {
  await writeFile(file('unknown.yaml'), document.replace("schema_decode('point'", "schema_decode('pint'"));
  const { code, stderr } = await mkb(['validate', file('unknown.yaml')]);
  expect(code).toBe(78);
  expect(stderr).toContain('unknown.yaml:12:33: error: There is no schema named pint. Did you mean point?');
});
