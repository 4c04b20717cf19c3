import { describe, expect, test } from 'vitest';
import { loadText } from '../../api/load.ts';
import { rulesCheck } from '../../rules/check.ts';

const document = (schemas: string, sql = 'SELECT * FROM "a"') => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: cars}
spec:
  mqtt: {url: "mqtt://localhost:1883"}
  kafka: {bootstrapServers: ["localhost:9092"]}
  schemas:
${schemas}
  rules:
    - name: r
      sql: ${sql}
      sinks: [{kafka: {topic: t}}]
`;

const problems = (text: string) =>
  loadText(text, 'cars.yaml', { checks: [rulesCheck] }).problems.map(({ line, column, code, path, message }) => ({
    at: `${line}:${column}`,
    code,
    path,
    message,
  }));

const decode = (name: string) => `SELECT schema_decode('${name}', payload) AS v FROM "a"`;

describe('the schemas of a document', () => {
  test('are known to its rules', () => {
    expect(problems(document('    - {name: n, avro: \'"int"\'}', decode('n')))).toEqual([]);
  });

  test('have their faults told at the character, and rules that use them are not blamed for it', () => {
    const text = document('    - name: n\n      avro: |\n        {"type": "record",\n         "name": }', decode('n'));
    expect(problems(text)).toEqual([
      expect.objectContaining({ at: '11:18', code: 'schema-invalid', path: 'spec.schemas[0].avro' }),
    ]);
  });

  test('have the fault of a .proto file told at its line', () => {
    const text = document(
      '    - name: n\n      protobuf: |\n        syntax = "proto3";\n        mesage A {}',
      decode('n'),
    );
    expect(problems(text)).toEqual([expect.objectContaining({ at: '11:9', path: 'spec.schemas[0].protobuf' })]);
  });

  test('have a fault of meaning told with its place in words', () => {
    const [problem] = problems(document('    - {name: n, json: \'{"requird": []}\'}'));
    expect(problem?.message).toContain('The JSON schema n cannot be used, at #/requird');
    expect(problem?.message).toContain('did you mean required?');
  });

  test('are named once each', () => {
    const text = document('    - {name: n, avro: \'"int"\'}\n    - {name: n, avro: \'"long"\'}');
    expect(problems(text)).toHaveLength(1);
  });

  test.each([
    ['    - {name: n}', 'spec.schemas[0]'],
    ['    - {name: n, avro: \'"int"\', json: "{}"}', 'spec.schemas[0].avro'],
    ['    - {name: n, avro: 5}', 'spec.schemas[0].avro'],
    ['    - {name: n, registry: {url: "registry:8081"}}', 'spec.schemas[0].registry.url'],
    ['    - {name: n, registry: {url: "http://r", auth: {}}}', 'spec.schemas[0].registry.auth'],
    [
      '    - {name: n, registry: {url: "http://r", auth: {basic: {username: u}}}}',
      'spec.schemas[0].registry.auth.basic',
    ],
    ['    5', 'spec.schemas'],
  ])('have the right shape, or it is told: %s', (schemas, path) => {
    expect(problems(document(schemas)).map(problem => problem.path)).toContain(path);
  });
});

test('a rule that names no schema of the document is told so at the name', () => {
  const [problem] = problems(document('    - {name: vehicle, avro: \'"int"\'}', decode('vehicel')));
  expect(problem).toMatchObject({ at: '11:33', code: 'rule-unknown-name', path: 'spec.rules[0].sql' });
  expect(problem?.message).toContain('Did you mean vehicle?');
});
