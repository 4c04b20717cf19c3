import { expect, test } from 'vitest';
import { explainRule } from '../../rules/explain.ts';
import { exampleSchemas } from '../../rules/functions/schema-examples.ts';
import type { RuleDocument } from '../../rules/rule-document.ts';

const rule = (sql: string, ...sinks: unknown[]): RuleDocument => ({ name: 'r', sql, sinks }) as RuleDocument;
const kafka = (sink: object = {}) => ({ kafka: { topic: 't', ...sink } });

test.each([
  ['SELECT payload FROM "a"', ['payload'], 'passed on'],
  ['SELECT * FROM "a"', ['*'], 'passed on'],
  ['SELECT topic FROM "a"', ['topic'], 'unused'],
  ['SELECT topic FROM "a/{b}" WHERE payload.x[1].y > 1 AND b = 1', ['b', 'payload.x', 'topic'], 'parsed'],
  ['SELECT 1 AS topic, topic AS t FROM "a"', [], 'unused'],
  ['SELECT lower(clientid) AS c FROM "a/{clientid}"', ['clientid'], 'unused'],
  ['FOREACH payload FROM "a"', ['*', 'payload'], 'parsed'],
  ['SELECT value.x AS x, key FROM "$kafka/t"', ['key', 'value.x'], 'parsed'],
])('%s reads %j, and its payload is %s', (sql, reads, payload) => {
  expect(explainRule(rule(sql))).toMatchObject({ reads, payload });
});

test('what templates of sinks read counts, but not what they take from the row', () => {
  const sql = 'SELECT payload.x AS x FROM "a/{vin}"';
  const sink = kafka({ key: '${vin}', value: '${x} ${payload.y.z[1]}', headers: [{ name: 'h', value: '${qos}' }] });
  expect(explainRule(rule(sql, sink)).reads).toEqual(['payload.x', 'payload.y.z', 'qos', 'vin']);
});

test('a template that looks inside the payload has it parsed, though the rule passes it on', () => {
  expect(explainRule(rule('SELECT payload FROM "a"', kafka({ key: '${payload.id}' }))).payload).toBe('parsed');
});

test('a value that the document leaves out is told', () => {
  const values = ['SELECT payload FROM "a"', 'SELECT * FROM "a"', 'SELECT qos FROM "a"'].map(
    sql => explainRule(rule(sql, kafka())).sinks[0]?.templates.value,
  );
  expect(values).toEqual(['${payload}', '${.}', '${.}']);
  const mqtt = explainRule(rule('SELECT qos FROM "a"', { mqtt: { topic: 'b' } })).sinks;
  expect(mqtt).toEqual([{ kind: 'mqtt', templates: { topic: 'b', payload: '${.}' } }]);
});

test('an event is told by its name, and a rule with a schema needs the schemas of the document', () => {
  const sql = `SELECT schema_decode('point', payload) AS p FROM "$events/message_dropped"`;
  expect(explainRule(rule(sql), { schemas: exampleSchemas })).toMatchObject({
    sources: [{ kind: 'event', topic: '$events/message/dropped' }],
    payload: 'passed on',
  });
});

test('a pattern over Kafka topics is shown as it is written, with what it captures', () => {
  const [source] = explainRule(rule('SELECT region FROM "$kafka/telemetry-{region}"')).sources;
  expect(source).toEqual({ kind: 'kafka', topic: 'telemetry-{region}', captures: [{ name: 'region' }] });
});

test('what a rule remembers is told with its bounds', () => {
  const sql = 'SELECT COUNT(*) AS n FROM "c/{vin}" WHERE changed(qos) GROUP BY vin, topic(1), SESSION(30s)';
  const state = { maxEntries: 5, maxValueBytes: '1KiB', maxAge: '7d' };
  expect(explainRule({ ...rule(sql), state })).toMatchObject({
    rows: 'one for a window',
    columns: ['n'],
    state: { groupBy: { window: 'SESSION(30s)', keys: ['vin', 'topic(1)'] }, calls: ['changed(qos)'], maxEntries: 5 },
  });
  expect(explainRule(rule(sql)).state?.maxEntries).toBe(100_000);
  expect(explainRule(rule('SELECT qos FROM "a"'))).not.toHaveProperty('state');
});

test('what a sink does beside its templates is shown: what it copies, and that it writes events', () => {
  const cloudEvents = { mode: 'structured', type: 'a', extensions: [{ name: 'ext', value: '${qos}' }] };
  const { sinks } = explainRule(
    rule('SELECT payload FROM "a"', {
      kafka: { topic: 't', key: '${topic}', emptyAsTombstone: true, mqttHeaders: true, cloudEvents },
    }),
  );
  expect(sinks).toEqual([
    {
      kind: 'kafka',
      templates: {
        topic: 't',
        key: '${topic}',
        value: '${payload}',
        'CloudEvent type': 'a',
        'CloudEvent ext': '${qos}',
        emptyAsTombstone: 'true',
        mqttHeaders: 'true',
        cloudEvents: 'structured',
      },
    },
  ]);
});

test('the column of CloudEvents is no part of *, which costs and gives what it did', () => {
  expect(explainRule(rule('SELECT * FROM "a", "$kafka/b"')).columns).not.toContain('cloud_event');
  expect(explainRule(rule('SELECT cloud_event FROM "a"')).columns).toEqual(['cloud_event']);
});
