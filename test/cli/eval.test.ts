import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mkb } from './mkb-process.ts';

const rows = (stdout: string) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line));

describe('a message that the rule selects', () => {
  it('gives one line of JSON and nothing else', async () => {
    const sql = 'SELECT payload.speed AS speed, vin FROM "cars/{vin}"';
    expect(await mkb(['eval', sql, '--topic', 'cars/7', '--payload', '{"speed": 50}'])).toEqual({
      code: 0,
      stdout: '{"speed":50,"vin":"7"}\n',
      stderr: '',
    });
  });

  it('gives a line for each row of FOREACH', async () => {
    const sql = 'FOREACH payload.list AS e DO e.v AS v, vin INCASE e.v > 0 FROM "cars/{vin}"';
    const payload = '{"list": [{"v": 1.0}, {"v": 0}, {"v": 2}]}';
    expect(await mkb(['eval', sql, '--topic', 'cars/7', '--payload', payload])).toEqual({
      code: 0,
      stdout: '{"v":1.0,"vin":"7"}\n{"v":2,"vin":"7"}\n',
      stderr: '',
    });
  });

  it('has the client id, user name, QoS, flags and user properties of the options', async () => {
    const sql = 'SELECT clientid, username, qos, flags.retain AS retain, pub_props FROM "#"';
    const options = ['--clientid', 'c', '--username', 'u', '--qos', '2', '--retain', '--user-property', 'a=b=c'];
    const { code, stdout } = await mkb(['eval', sql, '--topic', 't', ...options]);
    expect(code).toBe(0);
    expect(rows(stdout)).toEqual([
      expect.objectContaining({
        clientid: 'c',
        username: 'u',
        qos: 2,
        retain: true,
        pub_props: expect.objectContaining({ 'User-Property': { a: 'b=c' } }),
      }),
    ]);
  });

  // A rule that reads a content type, or a flag, could be tried on a broker only.
  it('has everything else that a PUBLISH has', async () => {
    const options = ['--content-type', 'application/json', '--response-topic', 'answers/7', '--correlation-data', '42'];
    const more = [
      '--message-expiry-interval',
      '60',
      '--payload-format-indicator',
      '--dup',
      '--timestamp',
      '1796032800000',
    ];
    const pairs = ['--user-property', 'a=1', '--user-property', 'a=2'];
    const sql = 'SELECT pub_props, flags.dup AS dup, timestamp AS t FROM "ask/#"';
    const { code, stdout } = await mkb(['eval', sql, '--topic', 'ask/1', ...options, ...more, ...pairs]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      dup: true,
      t: 1_796_032_800_000,
      pub_props: {
        'Payload-Format-Indicator': 1,
        'Message-Expiry-Interval': 60,
        'Content-Type': 'application/json',
        'Response-Topic': 'answers/7',
        'Correlation-Data': '42',
        'User-Property': { a: '2' },
        'User-Property-Pairs': [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
    });
  });

  it('may be a record with everything that a record has', async () => {
    const sql = 'SELECT key, headers.source AS source, partition, offset, ts FROM "$kafka/commands"';
    const record = ['--key', 'car-1', '--header', 'source=app', '--partition', '3', '--offset', '9007199254740993'];
    const { stdout } = await mkb([
      'eval',
      sql,
      '--topic',
      '$kafka/commands',
      ...record,
      '--timestamp',
      '2026-11-30T10:00:00Z',
    ]);
    expect(stdout).toBe('{"key":"car-1","source":"app","partition":3,"offset":9007199254740993,"ts":1796032800000}\n');
  });

  it.each([
    ['--message-expiry-interval', '-1'],
    ['--message-expiry-interval', '4294967296'],
    ['--response-topic', 'a/#'],
    ['--partition', '1.5'],
    ['--offset', '9223372036854775808'],
    ['--timestamp', 'yesterday'],
    ['--header', 'source'],
  ])('%s %s is refused', async (option, value) => {
    const { code, stderr } = await mkb(['eval', 'SELECT * FROM "#"', '--topic', 'a', option, value]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(option)]);
  });

  it('may be a record of Kafka: the payload is its value, and user properties are its headers', async () => {
    const sql = 'SELECT value.action AS action, key, topic, headers.source AS source FROM "$kafka/commands"';
    const record = ['--topic', '$kafka/commands', '--key', 'car-1', '--payload', '{"action": "lock"}'];
    const { code, stdout } = await mkb(['eval', sql, ...record, '--user-property', 'source=app']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ action: 'lock', key: 'car-1', topic: 'commands', source: 'app' });
  });

  it('gives the row of a window that ends with it alone', async () => {
    const sql = 'SELECT vin, COUNT(*) AS n, AVG(payload.v) AS mean FROM "cars/{vin}" GROUP BY vin, HOPPING(1m, 1m)';
    const { stdout } = await mkb(['eval', sql, '--topic', 'cars/7', '--payload', '{"v": 3}']);
    expect(stdout).toBe('{"vin":"7","n":1,"mean":3.0}\n');
  });

  it('leaves out columns that have no value', async () => {
    const { stdout } = await mkb(['eval', 'SELECT clientid, topic FROM "#"', '--topic', 't']);
    expect(stdout).toBe('{"topic":"t"}\n');
  });

  it('may have its payload from a file, standard input or base64', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'mkb-eval-'));
    const file = path.join(folder, 'payload');
    await writeFile(file, '{"a":1}');
    const given = [
      [['--payload-file', file], {}],
      [['--payload-file', '-'], { stdin: '{"a":1}' }],
      [['--payload-base64', Buffer.from('{"a":1}').toString('base64')], {}],
    ] as const;
    for (const [options, surroundings] of given) {
      const { stdout } = await mkb(
        ['eval', 'SELECT payload.a AS a FROM "#"', '--topic', 't', ...options],
        surroundings,
      );
      expect([options, stdout]).toEqual([options, '{"a":1}\n']);
    }
    await rm(folder, { recursive: true });
  });
});

describe('what a bridge would not do as shown is said beside it:', () => {
  it('bytes that are no text are shown in base64, with a mark', async () => {
    // Binary was refused here, though a bridge passes it on.
    const { code, stdout, stderr } = await mkb([
      'eval',
      'SELECT payload, {inner: [payload]} AS m FROM "#"',
      '--topic',
      't',
      '--payload-base64',
      '/wAB',
    ]);
    expect([code, stdout]).toEqual([0, '{"payload":"base64:/wAB","m":{"inner":["base64:/wAB"]}}\n']);
    expect(stderr).toContain('payload (3 bytes), m.inner[1] (3 bytes)');
  });

  it('a rule that counts on the publisher works on the message at hand alone', async () => {
    const { code, stdout, stderr } = await mkb(['eval', 'SELECT clientid FROM "a/#"', '--topic', 'a/b', '-i', 'c']);
    expect([code, stdout]).toEqual([0, '{"clientid":"c"}\n']);
    expect(stderr).toContain('warning: a bridge refuses this rule.');
    expect(stderr).toContain('FROM "a/{clientid}/#"');
  });
});

describe('a message that the rule does not select gives no line, and stderr says why', () => {
  it.each([
    ['because of its topic', 'SELECT * FROM "bikes/{id}"', 'cars/7 does not match bikes/{id}'],
    ['because WHERE says no', 'SELECT * FROM "#" WHERE qos = 2', 'WHERE was false: qos (0) = 2'],
  ])('%s', async (_, sql, why) => {
    expect(await mkb(['eval', sql, '--topic', 'cars/7'])).toEqual({ code: 0, stdout: '', stderr: `no row: ${why}\n` });
  });
});

describe('a rule of a document', () => {
  const fast = {
    name: 'fast',
    sql: 'SELECT payload.speed AS speed, pub_props.\'Content-Type\' AS unit FROM "cars/{vin}" WHERE payload.speed > 60',
    sinks: [
      { kafka: { topic: 'fast', key: '${vin}', headers: [{ name: 'unit', value: '${unit}' }] } },
      { mqtt: { topic: 'alarms/${vin}', payload: '${speed}', qos: 2 } },
    ],
  };
  const raw = {
    name: 'raw',
    sql: 'SELECT payload FROM "cars/#"',
    sinks: [{ kafka: { topic: 'raw', value: '${payload}' } }],
  };
  const commands = {
    name: 'commands',
    sql: 'SELECT value, partition, offset FROM "$kafka/commands"',
    sinks: [{ mqtt: { topic: 'c/${key}', payload: '${partition}-${offset}' } }],
  };
  const document = {
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: { mqtt: { url: 'mqtt://a' }, kafka: { bootstrapServers: ['a:9092'] }, rules: [fast, raw, commands] },
  };
  const run = (...args: string[]) => mkb(['eval', '-d', '-', ...args], { stdin: JSON.stringify(document) });
  const at = ['--timestamp', '1000', '--topic'];

  it('prints what its sinks write: topic, key, value and headers', async () => {
    const message = [...at, 'cars/7', '--payload', '{"speed": 120}', '--content-type', 'km'];
    const { code, stdout, stderr } = await run('--rule', 'fast', ...message);
    expect([code, stderr]).toEqual([0, '']);
    const [record, publication] = stdout.split('---\n');
    expect(record).toContain('sink: 1\ntopic: fast\nkey: 7\nvalue: ');
    expect(record).toContain('"speed": 120');
    expect(record).toContain('headers: \n  unit: km\n');
    expect(publication).toContain('sink: 2\ntopic: alarms/7\nvalue: 120\n');
    expect(publication).toContain('qos: 2\n');
  });

  it.each([
    ['its names', 'SELECT rule_name || \'@\' || bridge_name AS payload FROM "#"', ['value: fast@cars']],
    ['its limits', 'FOREACH [1..3] AS payload DO payload FROM "#"', ['rule-rows-exceeded']],
  ])('compiles the rule with what the bridge knows of it: %s', async (_what, sql, said) => {
    const rules = [{ ...fast, sql, sinks: [{ kafka: { topic: 'fast', value: '${payload}' } }] }];
    const delivery = { limits: { rowsPerMessage: 2 } };
    const stdin = JSON.stringify({ ...document, spec: { ...document.spec, delivery, rules } });
    const { stdout, stderr } = await mkb(['eval', '-d', '-', '--rule', 'fast', ...at, 'cars/7'], { stdin });
    for (const text of said) expect(stdout + stderr).toContain(text);
  });

  it('marks bytes that are no text', async () => {
    const { stdout } = await run('--rule', 'raw', ...at, 'cars/7', '--payload-base64', '/wAB');
    expect(stdout).toContain('value: base64:/wAB\n');
  });

  it('may read a record, with its partition and offset', async () => {
    const { stdout } = await run(
      '--rule',
      'commands',
      ...at,
      '$kafka/commands',
      '--key',
      'k',
      '--partition',
      '3',
      '--offset',
      '9',
    );
    expect(stdout).toContain('topic: c/k\nvalue: 3-9\n');
  });

  it.each([
    [
      ['--rule', 'fast', ...at, 'cars/7', '--payload', '{"speed": 5}'],
      0,
      'no row: WHERE was false: payload.speed (5) > 60\n',
    ],
    [['--rule', 'fast', ...at, 'cars/7', '--payload', 'no json'], 3, '[payload-not-json]'],
    [['--rule', 'fats', ...at, 'cars/7'], 1, 'Did you mean fast?'],
    [['--rule', 'fast', 'SELECT * FROM "#"', ...at, 'cars/7'], 2, 'give SQL, or --rule with --document'],
    [[...at, 'cars/7'], 2, 'give SQL, or --rule with --document'],
  ])('%j says what happened', async (args, code, text) => {
    const outcome = await run(...args);
    expect([outcome.code, outcome.stdout]).toEqual([code, '']);
    expect(outcome.stderr).toContain(text);
  });
});

describe('SQL that cannot be parsed', () => {
  it('ends with 1 and shows the place', async () => {
    const { code, stdout, stderr } = await mkb(['eval', 'SELECT payload FORM "#"', '--topic', 't']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('[rule-syntax]');
    expect(stderr).toContain('SELECT payload FORM "#"\n');
    expect(stderr).toMatch(/^ +\^$/m);
  });

  it('ends with 1 although the topic would not match', async () => {
    expect((await mkb(['eval', 'SELECT nonsense(1) FROM "a"', '--topic', 'b'])).code).toBe(1);
  });
});

describe('SQL that fails for the message', () => {
  it.each([
    ['SELECT payload.a FROM "#"', 'no json'],
    ['SELECT \'a\' * 2 FROM "#"', ''],
  ])('%s ends with 3', async (sql, payload) => {
    const { code, stdout, stderr } = await mkb(['eval', sql, '--topic', 't', '--payload', payload]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/^error: /);
  });
});

describe('a wrong command line ends with 2', () => {
  it.each([
    [['SELECT * FROM "#"'], "required option '-t, --topic <topic>' not specified"],
    [['SELECT * FROM "#"', '--topic', 'a/+'], 'Write a topic without the wildcards + and #.'],
    [['SELECT * FROM "#"', '--topic', 'a', '--qos', '3'], 'Allowed are 0, 1 and 2.'],
    [['SELECT * FROM "#"', '--topic', 'a', '--payload-base64', '!'], 'This is not base64.'],
    [['SELECT * FROM "#"', '--topic', 'a', '--user-property', 'a'], 'Write NAME=VALUE.'],
    [['SELECT * FROM "#"', '--topic', 'a', '--payload', 'a', '--payload-base64', 'YQ'], 'cannot be used with'],
    [
      ['SELECT * FROM "#"', '--topic', 'a', '--payload-file', '/nowhere/p'],
      '--payload-file /nowhere/p cannot be read (ENOENT).',
    ],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await mkb(['eval', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
