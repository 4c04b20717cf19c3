import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReplSession } from '../../cli/repl-session.ts';

const now = () => 1_700_000_000_123;
const begin = () => new ReplSession({ topic: 'cars/7', payload: '{"speed": 50}' }, { now });

/** Enters lines; returns what the last one printed. */
const said = async (...lines: string[]): Promise<string> => {
  const session = begin();
  let last = '';
  for (const line of lines) last = await session.line(line);
  return last;
};

describe('what is entered is worked out for the message', () => {
  test.each([
    ['payload.speed + 1', '51\n'],
    ["upper('a') -- loud", '"A"\n'],
    ['payload.missing', 'undefined\n'],
    ["now_timestamp('millisecond')", '1700000000123\n'],
    ['SELECT vin, payload.speed AS s FROM "cars/{vin}"', '{"vin":"7","s":50}\n'],
    ['foreach [1, 2] as n do n from "#"', '{"n":1}\n{"n":2}\n'],
    ['SELECT * FROM "bikes/#"', '(no row)\n'],
    ['', ''],
  ])('%j', async (line, output) => {
    expect(await said(line)).toBe(output);
  });

  test('a rule may go over lines, and an empty line gives it up with what it lacks', async () => {
    expect(await said('SELECT payload.speed', 'AS s', 'FROM "cars/#"')).toBe('{"s":50}\n');
    const session = begin();
    await session.line('SELECT 1');
    expect(session.prompt).toBe('...> ');
    expect(await session.line('')).toContain('found the end of the rule');
    expect(session.prompt).toBe('mkb> ');
  });
});

describe('a mistake is shown with a caret, and the conversation goes on', () => {
  test.each([
    ['SELECT vin FORM "a"', '                ^', 'Did you mean FROM'],
    ["lowr('a')", '^', 'Did you mean lower?'],
    ["1 + 'a' * 2", '    ^', '* takes numbers'],
    ['1 +', '   ^', 'found the end of the expression, expected a value'],
    ['(1', '  ^', 'found the end of the expression'],
  ])('%s', async (line, caret, message) => {
    const [text, shown, error] = (await said(line)).split('\n');
    expect([text, shown]).toEqual([line, caret]);
    expect(error).toContain(message);
  });

  test('a payload that is no JSON is told', async () => {
    expect(await said('.payload nothing', 'payload.x')).toMatch(/^error: The payload is not JSON/);
  });
});

describe('commands', () => {
  test.each([
    [['.topic a/b', 'SELECT x FROM "a/{x}"'], '{"x":"b"}\n'],
    [['.topic $SYS/x', 'topic'], '"$SYS/x"\n'],
    [['.payload {"a": [1]}', 'payload.a[1]'], '1\n'],
    [['.payload', 'payload'], '""\n'],
    [['.clientid c', '.username u', 'clientid + username'], '"cu"\n'],
    [['.clientid c', '.clientid', 'clientid'], 'undefined\n'],
    [['.qos 2', 'qos'], '2\n'],
    [['.retain true', 'flags.retain'], 'true\n'],
    [['.content-type text/plain', '.response-topic a/b', "pub_props.'Content-Type'"], '"text/plain"\n'],
    [['.content-type text/plain', '.content-type', "pub_props.'Content-Type'"], 'undefined\n'],
    [['.correlation-data x', '.expiry 5', '.payload-format utf8', "pub_props.'Message-Expiry-Interval'"], '5\n'],
    [['.expiry -1', "pub_props.'Message-Expiry-Interval'"], 'undefined\n'],
    [['.dup true', 'flags.dup'], 'true\n'],
    [['.timestamp 5', 'timestamp'], '5\n'],
    [['.topic $kafka/c', '.key k', '.header a=b', '.partition 3', '.offset 9', 'key', 'partition + offset'], '12\n'],
    [['.topic $kafka/c', '.key k', 'SELECT key, headers.a AS a FROM "$kafka/c"'], '{"key":"k"}\n'],
    [['.property a=1', '.property b=2', "pub_props.'User-Property'"], '{"a":"1","b":"2"}\n'],
    [['.property a=1', '.property', "pub_props.'User-Property'"], 'undefined\n'],
    [['.qos 3'], 'Allowed are 0, 1 and 2.\n'],
    [['.topic a/#'], 'Write a topic without the wildcards + and #.\n'],
    [['.nothing'], 'There is no command .nothing; .help lists all.\n'],
    [['.toString'], 'There is no command .toString; .help lists all.\n'],
    [['.function nothing'], 'There is no function named nothing.\n'],
  ])('%j', async (lines, output) => {
    expect(await said(...lines)).toBe(output);
  });

  test('.file takes the payload from a file, and tells one that is not there', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'mkb-repl-'));
    const file = path.join(folder, 'p.json');
    await writeFile(file, '{"a": 7}');
    expect(await said(`.file ${file}`, 'payload.a')).toBe('7\n');
    expect(await said(`.file ${file}.not`)).toContain('ENOENT');
    await rm(folder, { recursive: true });
  });

  test('.message shows everything that was set', async () => {
    expect(await said('.qos 1', '.clientid me', '.message')).toBe(
      'topic: cars/7\nclientid: me\nqos: 1\nretain: false\nuserProperties: []\npayload: {"speed": 50}\n',
    );
  });

  test('.help names every command, and .exit ends', async () => {
    const session = begin();
    const help = await session.line('.help');
    for (const name of session.complete('.')[0]) expect(help).toContain(name);
    await session.line('.exit');
    expect(session.ended).toBe(true);
  });
});

test('Tab completes commands, columns, keywords and functions', () => {
  expect(begin().complete('.to')).toEqual([['.topic'], '.to']);
  expect(begin().complete('SELECT base64_e')).toEqual([['base64_encode'], 'base64_e']);
  expect(begin().complete('sel')).toEqual([['SELECT'], 'sel']);
  expect(begin().complete('SELECT clienti')[0]).toContain('clientid');
});

test('no line ends the conversation but .exit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 5 }), async lines => {
      const session = begin();
      for (const line of lines) await session.line(line);
      expect(session.ended).toBe(lines.some(line => /^\s*\.exit(?!\w)/.test(line)));
    }),
    { numRuns: 300 },
  );
});

describe('a rule that is entered again', () => {
  test('counts on in its window, until time passes', async () => {
    const sql = 'SELECT COUNT(*) AS n, AVG(payload.speed) AS mean FROM "cars/{vin}" GROUP BY vin, TUMBLING(10s)';
    const open = '(a window is open until 2023-11-14T22:13:30.000Z)\n';
    const session = begin();
    expect(await session.line(sql)).toBe(open);
    await session.line('.payload {"speed": 70}');
    expect(await session.line(sql)).toBe(open);
    expect(await session.line('.wait 1s')).toBe('(no row)\n');
    expect(await session.line('.wait 10s')).toBe('{"n":2,"mean":60.0}\n');
    expect(await session.line('.wait soon')).toContain('"soon" is not a duration');
  });

  test('shows the window that ended meanwhile before it counts', async () => {
    const sql = 'SELECT COUNT(*) AS n FROM "cars/{vin}" GROUP BY SESSION(10s)';
    let time = now();
    const session = new ReplSession({ topic: 'cars/7' }, { now: () => time });
    await session.line(sql);
    time += 10_000;
    expect(await session.line(sql)).toMatch(/^{"n":1}\n\(a window is open until /);
  });

  test('compares with the message before', async () => {
    const session = begin();
    expect([await session.line('CHANGED(payload.speed)'), await session.line('CHANGED(payload.speed)')]).toEqual([
      'true\n',
      'false\n',
    ]);
  });
});
