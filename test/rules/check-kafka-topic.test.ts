// `topic: ${topic}` passed mkb validate, and every message was a dead letter: MQTT topics have slashes, and topics of Kafka have none.
import { expect, test } from 'vitest';
import { loadText } from '../../api/load.ts';
import { rulesCheck } from '../../rules/check.ts';
import { documentOf, ruleOf } from '../api/support/documents.ts';

const found = (sql: string, topic: string) => {
  const document = documentOf({ rules: [{ ...ruleOf({ topic }), sql }] });
  const { problems } = loadText(JSON.stringify(document), 'b.yaml', { checks: [rulesCheck] });
  return problems.filter(({ code }) => code === 'template-no-kafka-topic');
};

test.each([
  ['SELECT payload FROM "cars/#"', '${topic}'],
  ['SELECT payload FROM "cars/{vin}"', '${.topic}'],
  ['SELECT * FROM "#"', '${topic}'],
  ['SELECT * FROM "/+"', 'x-${topic}'],
  ['SELECT payload FROM "a/b"', '${topic:-none}'],
  ['SELECT topic FROM "a/b"', '${topic}'],
  ['SELECT topic AS t FROM "a/b"', '${t}'],
  ['SELECT payload FROM "a/b", "c/+"', '${topic}'],
  ['SELECT payload FROM "a"', '${.}'],
  ['SELECT payload FROM "a"', '${flags}'],
  ['SELECT count(*) AS n FROM "a/b" GROUP BY topic, TUMBLING(10s)', '${topic}'],
])('%s into the topic %s is refused, and the remedy says what to write', (sql, topic) => {
  const problems = found(sql, topic);
  expect(problems).toEqual([
    expect.objectContaining({ severity: 'error', path: 'spec.rules[0].sinks[0].kafka.topic' }),
  ]);
  expect(problems[0]!.remedy).toContain('a dot is usual instead');
  expect(problems[0]!.remedy).toContain('key: ${topic}');
});

test.each([
  ['SELECT payload FROM "+"', '${topic}'],
  ['SELECT payload FROM "cars"', 'x-${topic}'],
  ['SELECT payload FROM "$kafka/cars"', '${topic}-copy'],
  ['SELECT payload FROM "cars/{vin}"', 'cars-${vin}'],
  [`SELECT payload, replace(topic, '/', '.') AS topic FROM "cars/#"`, '${topic}'],
  [`SELECT payload, replace(topic, '/', '.') AS name FROM "cars/#"`, '${name}'],
  ['SELECT payload FROM "a/{topic}"', '${topic}'],
  ['SELECT payload FROM "a/b"', '${payload.topic}'],
])('%s into the topic %s is not', (sql, topic) => {
  expect(found(sql, topic)).toEqual([]);
});

test('a rule that reads topics of both kinds is warned of', () => {
  expect(found('SELECT payload FROM "$kafka/cars", "a/b"', '${topic}-copy')).toEqual([
    expect.objectContaining({ severity: 'warning' }),
  ]);
});
