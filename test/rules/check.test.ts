import { describe, expect, test } from 'vitest';
import { loadText } from '../../api/load.ts';
import { rulesCheck } from '../../rules/check.ts';

const document = (rules: string, version = '5'): string => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata:
  name: cars
spec:
  mqtt: {version: "${version}",
    url: mqtt://localhost:1883}
  kafka:
    bootstrapServers: [localhost:9092]
  rules:
${rules}`;

const check = (rules: string, version?: '3.1.1') =>
  loadText(document(rules, version), 'bridge.yaml', { checks: [rulesCheck] });

test('rules that are right have no problems', () => {
  const { documents, problems } = check(`
    - name: cars
      sql: SELECT payload FROM "cars/{clientid}"
      sinks:
        - kafka: {topic: cars, key: "\${clientid}", headers: [{name: q, value: "\${qos}"}]}
`);
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
});

test('a mistake in a block of SQL is shown at its line and column in the file', () => {
  const { documents, problems } = check(`    - name: cars
      sql: |
        SELECT payload
        FORM "cars/#"
      sinks:
        - kafka: {topic: cars}
`);
  expect(documents).toEqual([]);
  expect(problems).toEqual([
    expect.objectContaining({
      file: 'bridge.yaml',
      line: 14,
      column: 14,
      severity: 'error',
      code: 'rule-syntax',
      path: 'spec.rules[0].sql',
      message: 'Found "cars/#", expected `,` or FROM. Did you mean FROM instead of FORM?',
    }),
  ]);
});

test('a constant that is no time is refused as the timestamp of a sink', () => {
  const { problems } = check(`    - name: cars
      sql: SELECT payload FROM "cars/#"
      sinks:
        - kafka: {topic: cars, timestamp: 2026-11-29}
        - kafka: {topic: cars, timestamp: "1700000000123"}
`);
  expect(problems.map(({ path, code }) => [path, code])).toEqual([
    ['spec.rules[0].sinks[0].kafka.timestamp', 'record-timestamp-invalid'],
  ]);
});

test('every template of every sink is checked, at its placeholder', () => {
  const { problems } = check(`    - name: cars
      sql: SELECT payload FROM "cars/{clientid}"
      sinks:
        - kafka: {topic: cars, key: "k \${clientId}", headers: [{name: q, value: "\${quos}"}]}
        - mqtt: {topic: "x/\${nothing}", payload: "\${payload"}
`);
  expect(problems.map(({ path, code, line, column }) => [path, code, line, column])).toEqual([
    ['spec.rules[0].sinks[0].kafka.key', 'template-unresolvable', 14, 40],
    ['spec.rules[0].sinks[0].kafka.headers[0].value', 'template-unresolvable', 14, 82],
    ['spec.rules[0].sinks[1].mqtt.topic', 'template-unresolvable', 15, 28],
    ['spec.rules[0].sinks[1].mqtt.payload', 'template-syntax', 15, expect.any(Number)],
  ]);
});

describe('filters of which neither covers the other are a warning with MQTT 3.1.1', () => {
  const two = (first: string, second: string): string => `    - name: one
      sql: SELECT payload FROM "${first}"
      sinks: [{kafka: {topic: a}}]
    - name: two
      sql: SELECT payload FROM "x", "${second}"
      sinks: [{kafka: {topic: b}}]
`;

  test('when they overlap', () => {
    const { documents, problems } = check(two('cars/+/speed', 'cars/7/#'), '3.1.1');
    expect(documents).toHaveLength(1);
    expect(problems).toEqual([
      expect.objectContaining({ severity: 'warning', code: 'rule-filters-overlap', line: 15, column: 37 }),
    ]);
  });

  test('but not with MQTT 5, where the bridge tells copies apart', () => {
    expect(check(two('cars/+/speed', 'cars/7/#')).problems).toEqual([]);
  });

  test.each([
    ['cars/#', 'cars/7'],
    ['cars/{vin}', 'cars/+'],
    ['cars/a', 'cars/b'],
  ])('but not %s and %s', (first, second) => {
    expect(check(two(first, second), '3.1.1').problems).toEqual([]);
  });
});

describe('a rule that remembers', () => {
  const rule = (sql: string, more = ''): string => `    - name: one
      sql: ${sql}
      sinks: [{kafka: {topic: a${more}}}]
`;
  const counting = 'SELECT COUNT(*) AS n FROM "x/{car}" GROUP BY car, TUMBLING(1s)';
  const replicated = (rules: string, bridge: string) =>
    loadText(
      document(rules).replace('1883', '1883,\n    share: cars').replace('  rules:', `  bridge: ${bridge}\n  rules:`),
      'bridge.yaml',
      { checks: [rulesCheck] },
    ).problems;

  test('has rows of windows that know no MQTT facts', () => {
    expect(check(rule(counting, ', mqttHeaders: true')).problems).toEqual([
      expect.objectContaining({ code: 'rule-window-headers', path: 'spec.rules[0].sinks[0].kafka.mqttHeaders' }),
    ]);
  });

  test('has templates that find keys and times of the window, but no column of a message', () => {
    expect(check(rule(counting, ', key: "${car} ${n}", timestamp: "${window_start}"')).problems).toEqual([]);
    expect(check(rule(counting, ', key: "${topic}"')).problems).toEqual([
      expect.objectContaining({
        code: 'template-unresolvable',
        message: expect.stringContaining('A row of a window has what SELECT gives it, the paths of GROUP BY'),
      }),
    ]);
  });

  test.each([
    ['windows', counting, '{replicas: 2}'],
    ['windows', counting, '{autoscaling: {maxReplicas: 3, cpu: 50}}'],
    ['CHANGED', 'SELECT payload FROM "x" WHERE CHANGED(payload)', '{replicas: 2}'],
  ])('%s is warned of several replicas', (_what, sql, bridge) => {
    expect(replicated(rule(sql), bridge)).toEqual([
      expect.objectContaining({ code: 'rule-state-per-replica', severity: 'warning', path: 'spec.rules[0].sql' }),
    ]);
  });

  test('is not warned of one replica, and neither is a rule that remembers nothing', () => {
    expect(replicated(rule(counting), '{replicas: 1}')).toEqual([]);
    expect(replicated(rule('SELECT payload FROM "x"'), '{replicas: 2}')).toEqual([]);
  });
});

describe('a rule that could feed itself is a warning:', () => {
  const back = `    - name: back
      sql: SELECT * FROM "$kafka/t"
      sinks: [{mqtt: {topic: "cars/\${key}/commands"}}]
`;
  const forth = (filter: string, topic: string) => `    - name: forth
      sql: SELECT payload FROM "${filter}"
      sinks: [{kafka: {topic: ${topic}}}]
`;
  const found = (rules: string) => check(rules).problems.map(({ severity, code, path }) => [severity, code, path]);

  test('another rule reads where it publishes, and writes to the topic that it reads', () => {
    expect(found(back + forth('cars/#', 't'))).toEqual([['warning', 'rule-loop', 'spec.rules[0].sql']]);
  });

  test('its own dead letters go to the topic that it reads', () => {
    expect(found(`${back}  delivery: {onFailure: {deadLetter: {topic: t}}}\n`)).toEqual([
      ['warning', 'rule-loop', 'spec.rules[0].sql'],
    ]);
  });

  test('but not where another topic is read, or written', () => {
    expect(found(back + forth('bikes/#', 't'))).toEqual([]);
    expect(found(back + forth('cars/#', 'u'))).toEqual([]);
  });
});
