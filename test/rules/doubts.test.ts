// `payload['a']`, `"ON"` and DS18B20-1 were valid, and undefined or a failure in every message: nobody was told when the document was loaded.
import { describe, expect, test } from 'vitest';
import { loadText } from '../../api/load.ts';
import { rulesCheck } from '../../rules/check.ts';
import { compileRule } from '../../rules/compile.ts';
import { thrownBy } from './support/evaluate.ts';

const doubtsOf = (sql: string) =>
  compileRule(sql, { knowsPublisher: true }).doubts.map(({ offset, reason }) => [
    sql.slice(offset, offset + 12),
    reason,
  ]);

describe('what is hardly ever meant is a doubt, with what to write instead:', () => {
  test.each([
    ['SELECT payload.DS18B20-1 AS t FROM "#"', 'payload.DS18', "payload.'DS18B20-1'"],
    ['SELECT payload.device-id AS t FROM "#"', 'payload.devi', "payload.'device-id'"],
    ['SELECT payload.a.b-1.5 AS t FROM "#"', 'payload.a.b-', "payload.a.'b-1'.5"],
    ['SELECT topic FROM "#" WHERE payload.temp-32 > 5', 'payload.temp', 'spaces around the minus'],
    ['SELECT topic FROM "#" WHERE payload.kind = "topic"', '"topic"', "'topic'"],
    ['SELECT topic FROM "#" WHERE payload.kind IN ("topic", \'x\')', '"topic", \'x\'', "'topic'"],
    ['SELECT concat("id", payload.x) AS c FROM "#"', '"id", payloa', "'id'"],
    ['SELECT topic FROM "#" WHERE payload.kind LIKE "topic"', '"topic"', "'topic'"],
    ['SELECT CASE payload.kind WHEN "id" THEN 1 END AS c FROM "#"', '"id" THEN 1 ', "'id'"],
    ['SELECT topic FROM "#" WHERE payload.x = null', 'payload.x = ', 'payload.x IS NULL'],
    ['SELECT topic FROM "#" WHERE payload.x != NULL', 'payload.x !=', 'payload.x IS NOT NULL'],
    ['SELECT topic FROM "#" WHERE payload.x IN (1, null)', 'null)', 'IS NULL'],
    ['SELECT CASE payload.x WHEN null THEN 1 END AS c FROM "#"', 'null THEN 1 ', 'IS NULL'],
    ['SELECT topic FROM "#" WHERE topic = \'cars/#\'', "'cars/#'", "topic =~ 'cars/#'"],
    ['SELECT topic FROM "#" WHERE topic != \'cars/+/x\'', "'cars/+/x'", "topic =~ 'cars/+/x'"],
    ["SELECT topic FROM \"#\" WHERE topic IN ('a', 'cars/#')", "'cars/#')", "topic =~ 'cars/#'"],
    ['SELECT topic FROM "#" WHERE topic LIKE \'cars/*\'', "'cars/*'", '% (any text)'],
    ['SELECT topic FROM "#" WHERE topic LIKE \'cars/#\'', "'cars/#'", '=~'],
    ['SELECT topic FROM "#" WHERE topic =~ \'cars/%\'', "'cars/%'", '+ and #'],
    ['SELECT payload.a payload.b FROM "#"', 'payload.a pa', 'payload.a, payload.b'],
    ['SELECT payload.a topic FROM "#"', 'payload.a to', 'payload.a AS topic'],
    ['SELECT topic FROM "#" WHERE payload.x BETWEEN 10 AND 5', '10 AND 5', 'BETWEEN 5 AND 10'],
    ['SELECT topic FROM "#" WHERE flags.retain = 1', 'flags.retain', 'NOT flags.retain'],
    ['SELECT topic FROM "#" WHERE timestamp > \'2026-01-01\'', "'2026-01-01'", 'fails for every message'],
    ['SELECT payload FROM "cars/*"', '"cars/*"', '+ for one level'],
    ['SELECT topic.vin AS v FROM "#"', 'topic.vin AS', 'never has a value'],
    ['SELECT topic[1] AS v FROM "#"', 'topic[1] AS ', 'never has a value'],
    ['SELECT payload FROM "#" WHERE qos.x = 1', 'qos.x = 1', 'qos is a number'],
    ['SELECT vin.x AS v FROM "cars/{vin}"', 'vin.x AS v F', 'vin is text of the topic'],

    ['SELECT null > 30 AS v FROM "#"', 'null > 30 AS', 'never true'],
    ['SELECT payload FROM "cars/:vin/x"', '"cars/:vin/x', '{vin}'],
    ['SELECT payload FROM "cars/<vin>"', '"cars/<vin>"', '{vin}'],
    ['SELECT payload FROM " cars/x"', '" cars/x"', 'a space'],
    ['SELECT payload.x AS x FROM "cars/{payload}"', '"cars/{paylo', 'hides the column payload'],
    ['FOREACH payload.l AS e DO e.a-1 AS x FROM "#"', 'e.a-1 AS x F', "e.'a-1'"],
    ['SELECT COUNT(*) AS n FROM "#" GROUP BY payload.a-1, TUMBLING(1s)', 'payload.a-1,', "payload.'a-1'"],
  ])('%s', (sql, at, instead) => {
    const doubts = doubtsOf(sql);
    expect(doubts.map(([place]) => place)).toEqual([at]);
    expect(doubts[0]![1]).toContain(instead);
  });

  test.each([
    'SELECT payload.a - 1 AS x, 5-3 AS y, (payload.a)-1 AS z FROM "#"',
    'SELECT payload.a x, payload.b y FROM "#"',
    'SELECT "topic", payload."my-key" AS k FROM "#"',
    'SELECT qos AS "my-qos" FROM "#" WHERE "qos" > 0 AND topic =~ \'cars/+\' AND payload.x LIKE \'a%\'',
    'SELECT topic FROM "#" WHERE payload.x IS NULL AND NOT flags.retain AND timestamp > 5 AND qos IN (1, 2)',
    'SELECT payload FROM "cars/{vin}/#", "$SYS/#", "a//b"',
    "SELECT topic FROM \"#\" WHERE topic = 'a+b/c#d' AND payload.x = 'cars/#'",
  ])('but not %s', sql => {
    const doubts = doubtsOf(sql);
    // The first has one side of its minus in brackets, and numbers on both.
    expect(doubts.filter(([place]) => !place!.startsWith('(payload'))).toEqual([]);
  });
});

describe('what can never be right is refused, with what to write instead:', () => {
  test.each([
    ['SELECT payload[\'a\'] AS x FROM "#"', 'rule-syntax', 'payload.a.'],
    ['SELECT payload.x[\'a b\'].c AS x FROM "#"', 'rule-syntax', "payload.x.'a b'."],
    ['SELECT payload["a"] AS x FROM "#"', 'rule-syntax', 'payload.a.'],
    ['SELECT payload.a[0] AS x FROM "#"', 'rule-syntax', 'Positions count from 1'],
    ['SELECT payload.a[-0] AS x FROM "#"', 'rule-syntax', 'Positions count from 1'],
    ['SELECT payload.a[1.5] AS x FROM "#"', 'rule-syntax', 'Positions count from 1'],
    ['SELECT payload.a[0..2] AS x FROM "#"', 'rule-syntax', 'Positions count from 1'],
    ['SELECT payload.a[3..1] AS x FROM "#"', 'rule-syntax', 'from its first position to its last'],
    ['SELECT payload.a[-1..-3] AS x FROM "#"', 'rule-syntax', 'from its first position to its last'],
    ['SELECT json_decode(payload).a[0] AS x FROM "#"', 'rule-syntax', 'Positions count from 1'],
    ['SELECT topic FROM "#" WHERE payload.state = "ON"', 'rule-unknown-name', "single quotes: 'ON'"],
    ['SELECT payload.fuel-level AS x FROM "#"', 'rule-unknown-name', "payload.'fuel-level'"],
    ['SELECT payload.DS18B20-1.Temperature AS t FROM "#"', 'rule-syntax', "payload.'DS18B20-1'"],
    ['SELECT payload.x AS my-name FROM "#"', 'rule-syntax', '"my-name"'],
    ['SELECT payload.1a FROM "#"', 'rule-syntax', "'1a'"],
    ['SELECT DS18B20-1 AS t FROM "#"', 'rule-unknown-name', "payload.'DS18B20-1'"],
    ['SELECT payload.$ref AS t FROM "#"', 'rule-syntax', ".'$ref'"],
    ['SELECT payload.größe AS t FROM "#"', 'rule-syntax', ".'größe'"],
    ['SELECT payload.@type AS t FROM "#"', 'rule-syntax', ".'@type'"],
    ['SELECT speed FROM "#"', 'rule-unknown-name', 'payload.speed'],
    ['SELECT payload.x AS x FROM "#" ORDER BY x', 'rule-syntax', 'no ORDER BY'],
    ['SELECT payload.x AS x FROM "#" LIMIT 5', 'rule-syntax', 'no LIMIT'],
    ['SELECT payload.x AS x FROM "a" JOIN "b"', 'rule-syntax', 'no JOIN'],
  ])('%s', (sql, code, hint) => {
    const error = thrownBy(() => compileRule(sql));
    expect(error.code).toBe(code);
    expect(error.message).toContain(hint);
  });
});

const check = (sql: string, sink: string) =>
  loadText(
    `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: cars}
spec:
  mqtt: {url: "mqtt://localhost:1883"}
  kafka: {bootstrapServers: ["localhost:9092"]}
  rules:
    - name: r
      sql: ${sql}
      sinks: [{kafka: {topic: t${sink}}}]
`,
    'b.yaml',
    { checks: [rulesCheck] },
  ).problems;

test('a doubt is a warning at its character, and stops nothing', () => {
  expect(check('SELECT payload.DS18B20-1 AS t FROM "a"', '')).toEqual([
    expect.objectContaining({ severity: 'warning', code: 'rule-doubtful', line: 9, column: 19 }),
  ]);
});

test('FOREACH without DO is a warning where the whole message would be written for each element', () => {
  const foreach = 'FOREACH payload.list AS e FROM "a"';
  expect(check(foreach, '').map(({ code }) => code)).toEqual(['rule-foreach-whole']);
  expect(check(foreach, ', value: "${.}"').map(({ code }) => code)).toEqual(['rule-foreach-whole']);
  expect(check(foreach, ', value: "${e}"')).toEqual([]);
  expect(check('FOREACH payload.list AS e DO e FROM "a"', '')).toEqual([]);
});

test('a long rule of dashes is refused as fast as any', () => {
  // Counted in characters that are looked at, as a test of time would be one of the machine.
  const sql = `SELECT ${'a-'.repeat(32_000)} FROM`;
  expect(thrownBy(() => compileRule(sql)).code).toBe('rule-syntax');
});
