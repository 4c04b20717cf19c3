import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../real/until.ts';
import { mkb, startMkb } from './mkb-process.ts';

const document = (tests: string, others = ''): string => `apiVersion: mqttkafka.dev/v1alpha1
kind: MqttKafkaBridge
metadata: {name: cars}
spec:
  mqtt: {url: "mqtt://localhost:1883"}
  kafka: {bootstrapServers: [localhost:9092]}
  rules:
    - name: fast
      sql: SELECT payload.speed AS speed, CASE WHEN qos > 1 THEN 'sure' ELSE 'maybe' END AS how FROM "cars/{vin}" WHERE payload.speed > 100
      sinks:
        - kafka: {topic: fast, key: "\${vin}", headers: [{name: from, value: "\${topic}"}]}
      tests:${tests}
${others}`;

const passing = `
        - name: a fast car is kept
          message: {topic: cars/7, payload: '{"speed": 120.0}', timestamp: 5}
          records: [{sink: 1, topic: fast, key: "7", value: '{"how": "maybe", "speed": 120.0}', timestamp: 5, headers: [{name: from, value: cars/7}]}]
        - name: a slow car is not
          message: {topic: cars/7, payload: '{"speed": 20}'}
          rows: []
        - name: a car that sends no JSON fails
          message: {topic: cars/7, payload: stop}
          error: payload-not-json`;

const failing = `
        - name: a fast car is slow
          message: {topic: cars/7, payload: '{"speed": 120}'}
          rows: ['{"speed": 20, "how": "maybe"}']`;

let folder: string;
let file: string;
const write = (name: string, text: string) => writeFile(path.join(folder, name), text);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mkb-test-'));
  file = path.join(folder, 'cars.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

describe('tests beside their rule', () => {
  it('that pass are told, and the exit code is 0', async () => {
    await write('cars.yaml', document(passing));
    expect(await mkb(['test', file])).toEqual({
      code: 0,
      stdout:
        'cars: fast\n  ok    a fast car is kept\n  ok    a slow car is not\n  ok    a car that sends no JSON fails\n\n3 tests: all passed\n',
      stderr: '',
    });
  });

  it('that fail show what differs by line, and the exit code is 1', async () => {
    await write('cars.yaml', document(passing + failing));
    const { code, stdout } = await mkb(['test', file]);
    expect(code).toBe(1);
    expect(stdout).toContain(`  FAIL  a fast car is slow  ${file}:22:11
          {
            "how": "maybe",
        -   "speed": 20
        +   "speed": 120
          }
`);
    expect(stdout).toContain('4 tests: 3 passed, 1 failed');
  });

  it.each([
    ['a key that differs', `records: [{key: "8"}]`, ['- key: 8', '+ key: 7']],
    ['a header too many', `records: [{headers: []}]`, ['- headers: none', '+ headers: ', '+   from: cars/7']],
    ['a record too many', 'records: []', ['- no record', '+ topic: fast']],
    ['an error that does not come', 'error: rule-failed', ['- error rule-failed', '+ no error, and 1 row']],
    [
      'a float for an integer',
      `rows: ['{"speed": 120.0, "how": "maybe"}']`,
      ['-   "speed": 120.0', '+   "speed": 120'],
    ],
  ])('tell %s', async (_what, expectation, lines) => {
    const test = `\n        - {name: n, message: {topic: cars/7, payload: '{"speed": 120}'}, ${expectation}}`;
    await write('cars.yaml', document(test));
    const { code, stdout } = await mkb(['test', file]);
    expect(code).toBe(1);
    const shown = stdout.split('\n').map(line => line.slice(8));
    for (const line of lines) expect(shown).toContain(line.trimEnd());
  });

  it('tell an error that was not expected, with the place in the SQL', async () => {
    const test = `\n        - {name: n, message: {topic: cars/7, payload: '{"speed": "a"}'}, rows: []}`;
    await write('cars.yaml', document(test));
    const { code, stdout } = await mkb(['test', file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\+ error rule-failed: .*payload\.speed > 100/);
    expect(stdout).toMatch(/^ +\^$/m);
  });

  it('say so when the topic is not the rule’s', async () => {
    const test = `\n        - {name: n, message: {topic: bikes/7}, records: [{key: "7"}]}`;
    await write('cars.yaml', document(test));
    expect((await mkb(['test', file])).stdout).toContain('No name of FROM matches the topic of the message.');
  });
});

describe('tests in a file of their own', () => {
  const apart = `tests:
  - rule: fast
    name: who sent it makes no difference
    message: {topic: cars/7, payload: '{"speed": 120}', clientid: c, username: u, userProperties: [{name: a, value: b}]}
    rows: ['{"speed": 120, "how": "maybe"}']
`;

  it.each([
    ['the file alone', (): string[] => [path.join(folder, 'cars_test.yaml')]],
    ['the folder', (): string[] => [folder]],
    ['both files', (): string[] => [file, path.join(folder, 'cars_test.yaml')]],
    ['everything twice', (): string[] => [`${folder}/`, file, `${folder}/../${path.basename(folder)}/cars_test.yaml`]],
  ])('run once for %s', async (_what, paths) => {
    await write('cars.yaml', document(passing));
    await write('cars_test.yaml', apart);
    const { code, stdout } = await mkb(['test', ...paths()]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('4 tests: all passed')]);
  });

  it('do not disturb those who read the folder as documents', async () => {
    await write('cars.yaml', document(passing));
    await write('cars_test.yaml', apart);
    expect((await mkb(['validate', folder])).stdout).toBe(`${file}: cars is valid\n`);
  });

  it('may lie in a folder of their own', async () => {
    await write('cars.yaml', document(passing));
    await mkdir(path.join(folder, 'tests'));
    await write('tests/a_test.yaml', `document: ../cars.yaml\n${apart}`);
    const { code, stdout } = await mkb(['test', path.join(folder, 'tests')]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('4 tests: all passed')]);
  });

  it('tell a document that is not there', async () => {
    await write('cars_test.yaml', apart);
    const { code, stderr } = await mkb(['test', folder]);
    expect([code, stderr]).toEqual([78, expect.stringContaining('cars.yaml cannot be read: there is no such file')]);
  });

  it('must name rules that exist', async () => {
    await write('cars.yaml', document(passing));
    await write('cars_test.yaml', apart.replace('fast', 'fats'));
    const { code, stderr } = await mkb(['test', folder]);
    expect(code).toBe(78);
    expect(stderr).toContain('cars_test.yaml:2:11: error: No rule is named fats. Did you mean fast?');
  });
});

it('bytes, FOREACH and MQTT sinks are compared as they would be written', async () => {
  const rules = `    - name: bytes
      sql: SELECT payload FROM "x"
      sinks: [{kafka: {topic: t}}]
      tests:
        - {name: b, message: {topic: x, payload: "base64:/wA="}, records: [{value: "base64:/wA="}]}
    - name: several
      sql: FOREACH payload AS e DO e.v AS v FROM "y"
      sinks: [{kafka: {topic: t}}, {mqtt: {topic: "z/\${v}", payload: "\${v}", userProperties: [{name: k, value: "\${topic}"}]}}]
      tests:
        - name: s
          message: {topic: y, payload: '[{"v": 1}, {"v": 2}]'}
          records:
            - {sink: 1, value: '{"v": 1}'}
            - {sink: 1, value: '{"v": 2}'}
            - {sink: 2, topic: z/1, value: "1", headers: [{name: k, value: y}]}
            - {sink: 2, topic: z/2, value: "2"}
    - name: commands
      sql: SELECT value.cmd AS cmd, key FROM "$kafka/commands"
      sinks: [{mqtt: {topic: "cars/\${key}/cmd"}}]
      tests:
        - {name: k, message: {topic: $kafka/commands, key: "7", payload: '{"cmd": "go"}'}, records: [{topic: cars/7/cmd, value: '{"cmd": "go", "key": "7"}'}]}
`;
  await write('cars.yaml', document(passing, rules));
  const { code, stdout } = await mkb(['test', file]);
  expect([stdout, code]).toEqual([expect.stringContaining('6 tests: all passed'), 0]);
});

it('no test can tell what ran before it, when it runs, or where', async () => {
  const test = `message: {topic: x, timestamp: 1700000000123}, rows: ['{"at": 1700000000123, "id": "00000000-0000-4000-8000-000000000000", "put": true}']`;
  const rules = `    - name: state
      sql: SELECT now_timestamp('millisecond') AS at, uuid_v4() AS id, kv_store_get('k') AS before, kv_store_put('k', 1) AS put FROM "x"
      sinks: [{kafka: {topic: t}}]
      tests:
        - {name: once, ${test}}
        - {name: twice, ${test}}
`;
  await write('cars.yaml', document(passing, rules));
  const { code, stdout } = await mkb(['test', file, '--rule', 'state']);
  expect([stdout, code]).toEqual([expect.stringContaining('2 tests: all passed'), 0]);
});

it('--coverage names rules without tests and branches of CASE that no test takes', async () => {
  const untested = '    - {name: other, sql: SELECT payload FROM "x", sinks: [{kafka: {topic: t}}]}\n'.replace(
    'SELECT payload FROM "x"',
    `'SELECT payload FROM "x"'`,
  );
  await write('cars.yaml', document(passing, untested));
  const { code, stdout } = await mkb(['test', file, '--coverage']);
  expect(code).toBe(0);
  expect(stdout).toContain(`Coverage
  cars: fast  3 tests, 1 with rows, branches of CASE 1 of 2
    never taken  ${file}:9:53  WHEN qos > 1
  cars: other  no tests
  rules with tests: 1 of 2, branches of CASE: 1 of 2
`);
});

describe('--junit', () => {
  it('writes a case for each test', async () => {
    await write('cars.yaml', document(passing + failing));
    const report = path.join(folder, 'report.xml');
    expect((await mkb(['test', file, '--junit', report])).code).toBe(1);
    const xml = await readFile(report, 'utf8');
    expect(xml).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="mkb test" tests="4" failures="1" /,
    );
    expect(xml.match(/<testcase /g)).toHaveLength(4);
    expect(xml).toContain('-   &quot;speed&quot;: 20');
  });

  it('tells a file that cannot be written', async () => {
    await write('cars.yaml', document(passing));
    const { code, stderr } = await mkb(['test', file, '--junit', path.join(folder, 'no/report.xml')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('[report-unwritable]')]);
  });
});

it('--watch runs again when a file changes, and ends when it is asked to', async () => {
  await write('cars.yaml', document(passing));
  const child = startMkb(['test', file, '--watch']);
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  try {
    await until('the first run', () => output.includes('all passed') && output.includes('Watching'));
    await write('cars.yaml', document(passing + failing));
    await until('the second run', () => output.includes('3 passed, 1 failed'));
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended).toBe(0);
});

describe('what is wrong with tests is told with its place', () => {
  it.each([
    ['rows that are no JSON', `rows: ['{speed: 20}']`, 'text that is no JSON'],
    ['rows that are no object', `rows: ['5']`, 'expected a row as JSON'],
    ['an unknown error', 'error: payload-not-jsn', 'Did you mean `payload-not-json`?'],
    ['nothing expected', 'x: 1', 'is missing'],
    ['two expectations', 'rows: [], error: rule-failed', 'exclude each other'],
  ])('%s', async (_what, expectation, message) => {
    await write('cars.yaml', document(`\n        - {name: n, message: {topic: cars/7}, ${expectation}}`));
    const { code, stderr } = await mkb(['test', file]);
    expect([code, stderr]).toEqual([78, expect.stringContaining(message)]);
    expect(stderr).toMatch(/cars\.yaml:13:\d+: error/);
  });

  it('a topic with wildcards', async () => {
    await write('cars.yaml', document(`\n        - {name: n, message: {topic: cars/+}, rows: []}`));
    expect((await mkb(['test', file])).stderr).toContain('without the wildcards + and #');
  });

  it('a payload that is not base64', async () => {
    await write('cars.yaml', document(`\n        - {name: n, message: {topic: a, payload: "base64:!"}, rows: []}`));
    expect((await mkb(['test', file])).stderr).toContain('expected base64 after `base64:`');
  });

  it('no test at all', async () => {
    await write('cars.yaml', document(' []'));
    const { code, stderr } = await mkb(['test', file]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('There is no test in these files.')]);
  });

  it('no test of the rule that is asked for', async () => {
    await write('cars.yaml', document(passing));
    const { code, stderr } = await mkb(['test', file, '--rule', 'slow']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('There is no test of a rule named slow.')]);
  });
});
