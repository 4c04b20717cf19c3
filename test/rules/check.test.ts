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
        - kafka: {topic: cars, key: "k \${clientidd}", headers: [{name: q, value: "\${quos}"}]}
        - mqtt: {topic: "x/\${nothing}", payload: "\${payload"}
`);
  expect(problems.map(({ path, code, line, column }) => [path, code, line, column])).toEqual([
    ['spec.rules[0].sinks[0].kafka.key', 'template-unresolvable', 14, 40],
    ['spec.rules[0].sinks[0].kafka.headers[0].value', 'template-unresolvable', 14, 83],
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

  const rule = (name: string, from: string, sink: string) =>
    `    - name: ${name}\n      sql: SELECT * FROM "${from}"\n      sinks: [${sink}]\n`;
  test.each([
    ['MQTT to MQTT', rule('r', 'a/#', '{mqtt: {topic: "a/out"}}'), 'the MQTT topic a/out, it reads that too'],
    ['Kafka to Kafka', rule('r', '$kafka/t', '{kafka: {topic: t}}'), 'the Kafka topic t, it reads that too'],
    [
      'a command to its outcome',
      rule('r', '$kafka/t', '{mqtt: {topic: o, outcome: {topic: t}}}'),
      'the Kafka topic t, it reads that too',
    ],
    [
      'three rules',
      rule('x', 'a/+', '{kafka: {topic: t}}') +
        rule('y', '$kafka/t', '{kafka: {topic: u}}') +
        rule('z', '$kafka/u', '{mqtt: {topic: "a/${key}"}}'),
      'the Kafka topic t, the rule y reads that, and what that writes comes back to x',
    ],
  ])('%s, and once for each circle', (_way, rules, way) => {
    expect(found(rules)).toEqual([['warning', 'rule-loop', 'spec.rules[0].sql']]);
    expect(check(rules).problems[0]!.message).toContain(way);
  });

  test.each([
    ['a topic that it covers', '$kafka/t-*', 't-1'],
    ['a topic that it covers, behind a capture', '$kafka/{site}-raw', 'a-raw'],
    ['all topics', '$kafka/*', 't'],
    ['a template of which it may match what is made', '$kafka/t-*', '${topic}-copy'],
    ['a template that may become anything', '$kafka/t-*', '${key}'],
  ])('a pattern reads %s', (_what, from, topic) => {
    const rules = rule('r', from, `{kafka: {topic: "${topic}"}}`);
    expect(found(rules)).toEqual([['warning', 'rule-loop', 'spec.rules[0].sql']]);
    expect(check(rules).problems[0]!.message).toContain(`the Kafka topic ${topic}, it reads that too`);
  });

  test('a pattern of another rule brings it back', () => {
    const rules = rule('x', 'a/+', '{kafka: {topic: t-1}}') + rule('y', '$kafka/t-*', '{mqtt: {topic: a/b}}');
    expect(found(rules)).toEqual([['warning', 'rule-loop', 'spec.rules[0].sql']]);
  });

  test.each([
    ['$kafka/t-*', 'out-t-1'],
    ['$kafka/{site}-raw', '-raw'],
    ['$kafka/t-*', 'out-${topic}'],
    ['$kafka/*-raw', '${topic}-copy'],
    ['$kafka/*', '__own'],
    ['$kafka/t', '${topic}-copy'],
  ])('but not where %s is read and %s written', (from, topic) => {
    expect(found(rule('r', from, `{kafka: {topic: "${topic}"}}`))).toEqual([]);
  });

  test('but not where a pattern covers the dead-letter topic, which patterns do not read', () => {
    const dead = `  delivery: {onFailure: {deadLetter: {topic: t-dead}}}\n`;
    expect(found(rule('r', '$kafka/t-*', '{mqtt: {topic: a}}') + dead)).toEqual([]);
  });

  test('but not where a rule writes to what others read, and nothing comes back', () => {
    expect(found(rule('x', 'a/+', '{mqtt: {topic: "b/out"}}') + rule('y', 'b/#', '{kafka: {topic: t}}'))).toEqual([]);
  });

  test('but not where another topic is read, or written', () => {
    expect(found(back + forth('bikes/#', 't'))).toEqual([]);
    expect(found(back + forth('cars/#', 'u'))).toEqual([]);
  });
});

test('what only an MQTT broker could know is refused, with the filter of the rule as the example', () => {
  const { problems } = check(`    - name: seed
      sql: SELECT payload FROM "mqttx/simulate/#"
      sinks:
        - kafka: {topic: cars, key: "\${clientid}"}
`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({ code: 'rule-publisher-unknown', severity: 'error', line: 14, column: 38 });
  expect(problems[0]!.message).toContain('FROM "mqttx/simulate/{clientid}/#"');
});

test('a capture that not every filter has is a warning where it is read', () => {
  const rules = (key: string) =>
    check(`    - name: two
      sql: SELECT payload FROM "cars/{vin}", "trucks/#"
      sinks:
        - kafka: {topic: cars, key: "${key}"}
`);
  expect(rules('${vin}').problems).toEqual([
    expect.objectContaining({ code: 'rule-capture-partial', severity: 'warning', line: 12, column: 46 }),
  ]);
  expect(rules('${topic}').problems).toEqual([]);
});

describe('a key or topic that is no template is a warning', () => {
  test.each([
    ['key: "{{id}}"', 'template-lookalike', '${id}'],
    ['key: "{{ payload.id }}"', 'template-lookalike', '${payload.id}'],
    ['key: $id', 'template-lookalike', '${id}'],
    ['key: $(id)', 'template-lookalike', '${id}'],
    ['key: "{vin}"', 'template-lookalike', '${vin}'],
    ['key: "car-{vin}-${qos}"', 'template-lookalike', '${vin}'],
    ['key: "%{vin}"', 'template-lookalike', '${vin}'],
    ['key: "<vin>"', 'template-lookalike', '${vin}'],
    ['key: vin', 'template-constant-key', '${vin}'],
    ['key: payload.vin', 'template-constant-key', '${payload.vin}'],
    ['key: all', 'template-constant-key', undefined],
    ['key: "${vin}", value: "{vin}"', 'template-lookalike', '${vin}'],
    ['key: "${vin}", headers: [{name: h, value: "{{vin}}"}]', 'template-lookalike', '${vin}'],
  ])('%s', (fields, code, meant) => {
    const { problems, documents } = check(`    - name: r
      sql: SELECT payload FROM "cars/{vin}"
      sinks:
        - kafka: {topic: cars, ${fields}}
`);
    expect(problems).toEqual([expect.objectContaining({ severity: 'warning', code })]);
    if (meant !== undefined) expect(problems[0]!.message).toContain(`Is ${meant} meant?`);
    expect(documents).toHaveLength(1);
  });

  test.each([
    'key: "${vin}"',
    'key: "${$}{vin}-${vin}"',
    String.raw`key: "\${vin}", value: '{"vin": "\${vin}", "price": "$5"}'`.replaceAll('\\', ''),
  ])('but not %s', fields => {
    const { problems } = check(`    - name: r
      sql: SELECT payload FROM "cars/{vin}"
      sinks:
        - kafka: {topic: cars, ${fields}}
`);
    expect(problems).toEqual([]);
  });

  test('a topic of MQTT may look like one as well, and one of Kafka cannot be written', () => {
    const { problems } = check(`    - name: r
      sql: SELECT value FROM "$kafka/cmd"
      sinks:
        - mqtt: {topic: "cars/{key}/cmd"}
        - kafka: {topic: "cars-$key"}
`);
    expect(problems.map(({ severity, code }) => [severity, code])).toEqual([
      ['warning', 'template-lookalike'],
      ['error', 'field-value'],
      ['warning', 'template-lookalike'],
    ]);
    expect(problems[1]!.remedy).toBe('A placeholder is written ${key}, not $key.');
  });
});

test('12,000 filters that overlap are told in 21 warnings', () => {
  // 400 rules of 30 filters took the operator and its webhook down: each filter was compared with each.
  const filters = (rule: number) => Array.from({ length: 30 }, (_, at) => `"+/a${rule}-${at}/#", "b${rule}/+/x${at}"`);
  const rules = Array.from(
    { length: 200 },
    (_, rule) => `    - name: r${rule}
      sql: SELECT payload FROM ${filters(rule).join(', ')}
      sinks: [{kafka: {topic: t}}]
`,
  );
  const { problems, documents } = check(rules.join(''), '3.1.1');
  expect(documents).toHaveLength(1);
  expect(problems).toHaveLength(21);
  expect(problems.filter(({ code }) => code === 'rule-warnings-omitted')).toHaveLength(1);
});

test('a filter to give up that is no filter, or that a rule reads, is an error: the server would close the connection for it each time', () => {
  const rules = `    - name: cars
      sql: SELECT payload FROM "cars"
      sinks: [{kafka: {topic: cars}}]
`;
  const text = document(rules).replace(
    '1883',
    '1883,\n    unsubscribe: ["$share/g/a/#", "a/#/b", "$share/g/a+", "cars"]',
  );
  const { problems } = loadText(text, 'bridge.yaml', { checks: [rulesCheck] });
  expect(problems.map(({ code, path, severity }) => [code, path, severity])).toEqual([
    ['mqtt-filter-invalid', 'spec.mqtt.unsubscribe[1]', 'error'],
    ['mqtt-filter-invalid', 'spec.mqtt.unsubscribe[2]', 'error'],
    ['mqtt-filter-read', 'spec.mqtt.unsubscribe[3]', 'error'],
  ]);
});
