import { expect, test } from 'vitest';
import { messageOf } from '../../cli/test-message.ts';
import { writtenBy } from '../../cli/test-records.ts';
import { compileRule } from '../../rules/compile.ts';
import { rowsOf } from '../../rules/offline.ts';
import { type GivenRecord, recordFlow } from '../bridge/flow/support/record-flow.ts';

interface Case {
  readonly key?: string;
  readonly value?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sink?: object;
}

const sql = 'SELECT * FROM "$kafka/commands"';
const ruleOf = (sink: object) => ({
  name: 'r',
  sql,
  sinks: [{ mqtt: { topic: 'car/${key}', payload: '${value}', qos: 1, retain: false, userProperties: [], ...sink } }],
});

type Outcome = string | { topic: string; payload: string; properties: readonly (readonly [string, string])[] };

/** What the bridge publishes, or the code of what becomes of the record. */
function live({ key, value, headers, sink = {} }: Case): Outcome {
  const flow = recordFlow(sql, ruleOf(sink).sinks[0]!.mqtt);
  flow.give({ key, value: value === undefined ? undefined : Buffer.from(value), headers } as GivenRecord);
  const [made] = flow.published;
  if (made === undefined) return flow.failures[0]!;
  return { topic: made.topic, payload: made.payload.toString(), properties: made.userProperties };
}

/** The same by `mkb test`. */
function offline({ key, value, headers = {}, sink = {} }: Case): Outcome {
  const rule = compileRule(sql);
  const userProperties = Object.entries(headers).map(([name, content]) => ({ name, value: content }));
  const message = messageOf({
    topic: '$kafka/commands',
    key,
    payload: value,
    userProperties,
    timestamp: 1000,
    qos: 0,
    retain: false,
  } as never);
  try {
    const [written] = writtenBy(ruleOf(sink) as never, rule, rowsOf(rule, message, []));
    const properties = written!.headers.map(each => [each.name, String(each.value)] as const);
    return { topic: written!.topic, payload: String(written!.value ?? ''), properties };
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const property = (value: string) => ({ userProperties: [{ name: 'n', value }] });

// A test passed, and in the bridge the same record was a dead letter, or had other properties.
test.each<[string, Case, Outcome]>([
  ['a message', { key: '1', value: 'x' }, { topic: 'car/1', payload: 'x', properties: [] }],
  ['a tombstone', { key: '1' }, { topic: 'car/1', payload: '', properties: [] }],
  ['a key that is a wildcard', { key: '#', value: 'x' }, 'mqtt-topic-invalid'],
  ['no key', { value: 'x' }, 'template-value-missing'],
  ['a key with NUL', { key: 'a\0', value: 'x' }, 'mqtt-topic-invalid'],
  ['a key of 70,000 bytes', { key: 'k'.repeat(70_000), value: 'x' }, 'mqtt-topic-invalid'],
  ["a topic of the server's own", { key: 'x', sink: { topic: '$SYS/${key}' } }, 'mqtt-topic-invalid'],
  [
    'a property of 70,000 bytes',
    { key: '1', headers: { h: 'h'.repeat(70_000) }, sink: property('${headers.h}') },
    'mqtt-property-invalid',
  ],
  [
    'a property with a line feed',
    { key: '1', headers: { h: 'a\nb' }, sink: property('${headers.h}') },
    'mqtt-property-invalid',
  ],
  [
    'a property without a value',
    { key: '1', value: 'x', sink: property('${headers.none}') },
    { topic: 'car/1', payload: 'x', properties: [['n', '']] },
  ],
  [
    'a trace',
    { key: '1', value: 'x', headers: { traceparent } },
    { topic: 'car/1', payload: 'x', properties: [['traceparent', traceparent]] },
  ],
  [
    'a trace header that is none',
    { key: '1', value: 'x', headers: { traceparent: 't'.repeat(70_000) } },
    { topic: 'car/1', payload: 'x', properties: [] },
  ],
])('mkb test and the bridge make the same of %s', (_what, each, outcome) => {
  expect(live(each)).toEqual(outcome);
  expect(offline(each)).toEqual(outcome);
});
