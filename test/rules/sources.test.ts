import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { exampleMessage } from '../../rules/example-message.ts';
import { recordCaptures } from '../../rules/example-record.ts';
import type { KafkaRecord } from '../../rules/message.ts';
import { captureTopic, readsTopic } from '../../rules/sources.ts';
import { rowOf, thrownBy } from './support/evaluate.ts';

describe('captures', () => {
  test('a capture is one level, and a column with its text', () => {
    const rule = compileRule('SELECT vin, clientid FROM "cars/{vin}/{clientid}/#"');
    expect(rule.sources).toEqual([
      {
        kind: 'mqtt',
        filter: 'cars/+/+/#',
        captures: [
          { name: 'vin', level: 1 },
          { name: 'clientid', level: 2 },
        ],
      },
    ]);
    expect(rowOf(rule.sql, { topic: 'cars/7/c9/speed', clientid: 'other' })).toEqual({ vin: '7', clientid: 'c9' });
  });

  test('a source that does not capture a name leaves it to the column of that name', () => {
    const sql = 'SELECT clientid, vin FROM "a/{clientid}", "b/{vin}"';
    expect(rowOf(sql, { topic: 'a/7', clientid: 'mine' })).toEqual({ clientid: '7' });
    expect(rowOf(sql, { topic: 'b/8', clientid: 'mine' })).toEqual({ clientid: 'mine', vin: '8' });
  });

  test('an empty level is captured as empty text', () => {
    expect(rowOf('SELECT a FROM "x/{a}/y"', { topic: 'x//y' })).toEqual({ a: '' });
  });

  test('a captured payload is text, and paths into it are paths into that text', () => {
    expect(rowOf('SELECT payload.x AS v FROM "a/{payload}"', { topic: 'a/{"x":5}' })).toEqual({ v: 5 });
  });

  test('{name}# captures the rest of the topic, and nothing where the topic ends before it', () => {
    const rule = compileRule('SELECT id, rest FROM "site/{id}/{rest}#"');
    expect(rule.sources).toEqual([
      {
        kind: 'mqtt',
        filter: 'site/+/#',
        captures: [
          { name: 'id', level: 1 },
          { name: 'rest', level: 2, rest: true },
        ],
      },
    ]);
    expect(rowOf(rule.sql, { topic: 'site/7/a/b/c' })).toEqual({ id: '7', rest: 'a/b/c' });
    expect(rowOf(rule.sql, { topic: 'site/7/a' })).toEqual({ id: '7', rest: 'a' });
    expect(rowOf(rule.sql, { topic: 'site/7' })).toEqual({ id: '7', rest: '' });
    expect(rowOf('SELECT all FROM "{all}#"', { topic: 'a//b' })).toEqual({ all: 'a//b' });
    expect(rowOf('SELECT all FROM "{all}#"', { topic: '$SYS/a' })).toBeUndefined();
  });

  const shelly = 'SELECT dev, nr FROM "shelly/{dev}/status/switch:{nr}"';
  test.each([
    [shelly, 'shelly/a1/status/switch:0', { dev: 'a1', nr: '0' }],
    [shelly, 'shelly/a1/status/switch:', undefined],
    [shelly, 'shelly/a1/status/input:0', undefined],
    [shelly, 'shelly/a1/status/switch:0/x', undefined],
    ['SELECT a, b FROM "{a}-{b}/x"', 'eu-west-1/x', { a: 'eu', b: 'west-1' }],
    ['SELECT a, b FROM "{a}-{b}/x"', 'eu/x', undefined],
    ['SELECT mac FROM "v1/dev_{mac}.json/{rest}#"', 'v1/dev_aa.json/up/1', { mac: 'aa' }],
    ['SELECT a FROM "x/*{a}"', 'x/*1', { a: '1' }],
    ['SELECT a FROM "x/*{a}"', 'x/y1', undefined],
    // The first filter that fits is the one that captures.
    ['SELECT a, b FROM "x/in:{a}", "x/{b}"', 'x/out:1', { b: 'out:1' }],
    ['SELECT a, b FROM "x/in:{a}", "x/{b}"', 'x/in:1', { a: '1' }],
  ])('%s takes of %s %j', (sql, topic, row) => {
    expect(rowOf(sql, { topic })).toEqual(row);
  });

  test('a part of a level is subscribed to with +', () => {
    expect(compileRule(shelly).sources).toMatchObject([{ filter: 'shelly/+/status/+' }]);
  });

  test('one array serves all rules without captures', () => {
    const rule = compileRule('SELECT qos FROM "a"');
    expect(captureTopic(rule.captureNames, rule.sources[0]!, 'a')).toEqual([]);
  });
});

describe('a message that no filter matches yields no row', () => {
  test.each(['a/b/c', 'b', '$SYS/a'])('%s', topic => {
    expect(rowOf('SELECT qos FROM "a/+", "+"', { topic })).toEqual(topic === 'b' ? { qos: 1 } : undefined);
  });
});

describe('what is refused in FROM', () => {
  test.each([
    ['a/#/b', 'rule-source-invalid'],
    ['a+', 'rule-source-invalid'],
    ['', 'rule-source-invalid'],
    ['a/{rest}#/b', 'rule-source-invalid'],
    ['a/x{rest}#', 'rule-source-invalid'],
    ['a/+{vin}', 'rule-source-invalid'],
    ['a/{vin}+', 'rule-source-invalid'],
    ['a/{a}{b}', 'rule-source-invalid'],
    ['a/x{a}/y{a}', 'rule-source-invalid'],
    ['a/x{a}-{a}', 'rule-source-invalid'],
    ['a/x{my-vin}', 'rule-source-invalid'],
    ['a/{a}}', 'rule-source-invalid'],
    ['a/x{}', 'rule-source-invalid'],
    ['$SYS{a}/b', 'rule-source-invalid'],
    ['a/{my-vin}', 'rule-source-invalid'],
    ['{a}/{a}', 'rule-source-invalid'],
    ['$kafka/', 'rule-source-invalid'],
    ['$kafka/a/b', 'rule-source-invalid'],
    ['$kafka/a-+', 'rule-source-invalid'],
    ['$kafka/a#', 'rule-source-invalid'],
    ['$kafka/^a.*$', 'rule-source-invalid'],
    ['$kafka/(a|b)-*', 'rule-source-invalid'],
    ['$kafka/a-[0-9]*', 'rule-source-invalid'],
    ['$kafka/a**', 'rule-source-invalid'],
    ['$kafka/{a}{b}', 'rule-source-invalid'],
    ['$kafka/{a}*', 'rule-source-invalid'],
    ['$kafka/{a}-{a}', 'rule-source-invalid'],
    ['$kafka/{my-site}', 'rule-source-invalid'],
    ['$kafka/{}', 'rule-source-invalid'],
    ['$kafka/a-{b', 'rule-source-invalid'],
    ['$kafka/__*', 'rule-source-invalid'],
    ['$kafka/a/*', 'rule-source-invalid'],
    [`$kafka/${'a'.repeat(249)}*`, 'rule-source-invalid'],
    ['$events/client/connected', 'rule-unsupported'],
    ['$bridges/kafka:my', 'rule-unsupported'],
    ['$share/g/a', 'rule-unsupported'],
  ])('"%s"', (source, code) => {
    const error = thrownBy(() => compileRule(`SELECT qos\nFROM "ok", "${source}"`));
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject({ line: 2, column: 12 });
  });
});

describe('a pattern over Kafka topics', () => {
  test.each([
    ['telemetry-*', { 'telemetry-eu': true, 'telemetry-': true, telemetry: false, 'x-telemetry-eu': false }],
    ['*-raw', { 'a-raw': true, '-raw': true, 'a-raw-2': false }],
    ['a.*.z', { 'a.b.z': true, 'a..z': true, 'a.z': false, 'a.b.c.z': true, 'a.b.zz': false }],
    ['*a*a*', { aa: true, xaxax: true, a: false }],
    ['*', { a: true, __consumer_offsets: false, _schemas: true }],
    ['_*', { _schemas: true, __transaction_state: false }],
    ['{site}-raw', { 'a-raw': true, '-raw': false, 'a-b-raw': true }],
    ['a{n}a', { aa: false, aaa: true, aa1aa: true }],
    ['a.b', { 'a.b': true, axb: false }],
    ['a.*', { 'a.b': true, axb: false }],
  ])('%s', (name, topics) => {
    const [source] = compileRule(`SELECT topic FROM "$kafka/${name}"`).sources;
    const found = Object.keys(topics).map(topic => [topic, readsTopic(source!, topic)]);
    expect(Object.fromEntries(found)).toEqual(topics);
  });

  test('captures what stands in the topic, as little as there may be from the left', () => {
    const rule = compileRule('SELECT site, kind, nr FROM "$kafka/{site}-{kind}", "$kafka/plain.{nr}", "$kafka/one"');
    const captured = (topic: string) => recordCaptures(rule, `$kafka/${topic}`);
    expect(rule.captureNames).toEqual(['site', 'kind', 'nr']);
    expect(captured('eu-west-1')).toEqual(['eu', 'west-1', undefined]);
    expect(captured('plain.7')).toEqual([undefined, undefined, '7']);
    expect(captured('one')).toEqual([undefined, undefined, undefined]);
    expect(captured('two')).toBeUndefined();
  });

  // As a regular expression this took minutes: each wildcard tries every place of the name.
  test('takes no longer for many wildcards', () => {
    const [source] = compileRule(`SELECT topic FROM "$kafka/${'*a'.repeat(60)}*b"`).sources;
    expect(readsTopic(source!, 'a'.repeat(249))).toBe(false);
  });
});

describe('Kafka records', () => {
  const record = (value: string | undefined): KafkaRecord => ({
    topic: 'commands',
    key: Buffer.from('car-7'),
    value: value === undefined ? undefined : Buffer.from(value),
    headers: { source: Buffer.from('app') },
    rawHeaders: [['source', Buffer.from('app')]],
    offset: 42n,
    partition: 3,
    ts: 1_700_000_000_000,
    ts_type: 'create',
    json: () => JSON.parse(value ?? ''),
  });

  test('have their own columns', () => {
    const rule = compileRule('SELECT *, value.cmd AS cmd FROM "$kafka/commands"');
    expect(rule.sources).toEqual([{ kind: 'kafka', topic: 'commands' }]);
    expect(rule.readsPayload).toBe(true);
    const row = rule.rows(record('{"cmd":"lock"}'), [])[0];
    expect(row).toMatchObject({ topic: 'commands', offset: 42, partition: 3, ts_type: 'create', cmd: 'lock' });
    expect(Object.keys(row!)).not.toContain('qos');
  });

  test('a value that is not JSON has nothing inside, and a tombstone neither', () => {
    const rule = compileRule('SELECT key, value.cmd AS cmd FROM "$kafka/commands"');
    expect(rule.rows(record('no'), [])[0]).toEqual({ key: Buffer.from('car-7') });
    expect(rule.rows(record(undefined), [])[0]).toEqual({ key: Buffer.from('car-7') });
  });

  test('a rule may read both kinds, and sees undefined where a kind has no such column', () => {
    const rule = compileRule('SELECT key, qos, payload.x AS x FROM "$kafka/commands", "a/#"');
    expect(rule.rows(record('{"x":1}'), [])[0]).toEqual({ key: Buffer.from('car-7') });
    const message = exampleMessage({ topic: 'a/b', payload: '{"x":1}', qos: 2 });
    expect(rule.rows(message, [])[0]).toEqual({ qos: 2, x: 1 });
  });

  test('MQTT columns are unknown to a rule that reads Kafka alone', () => {
    expect(thrownBy(() => compileRule('SELECT qos FROM "$kafka/t"')).code).toBe('rule-unknown-name');
  });
});
