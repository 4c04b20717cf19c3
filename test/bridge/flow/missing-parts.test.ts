// Messages without a field went to the topic `x-`, or as `{"speed": }` to where JSON was expected, and nobody looked for them there.
import { afterEach, expect, test } from 'vitest';
import { Flow } from './support/flowing.ts';
import { recordFlow } from './support/record-flow.ts';

let flow: Flow | undefined;
afterEach(async () => {
  await flow?.stop();
  flow = undefined;
});

/** What becomes of a message with this payload: its value in Kafka, or the reason of its dead letter. */
async function written(sink: object, payload: string): Promise<string> {
  const rules = [{ name: 'r', sql: 'SELECT payload FROM "v/#"', sinks: [{ kafka: { topic: 't', ...sink } }] }];
  const made = { topics: ['t', 'x-', 'x-a', 'dead'], deadLetter: 'dead', rules };
  flow = await Flow.start({
    ...made,
    broker: { autoCreateTopics: false, topics: made.topics.map(name => ({ name, partitions: 1 })) },
  });
  await flow.send({ topic: 'v/1', payload });
  const [letter] = flow.records('dead');
  if (letter !== undefined) {
    expect([letter.value, flow.records('t'), flow.records('x-')]).toEqual([payload, [], []]);
    return Object.fromEntries(letter.headers)['mkb.error.message']!;
  }
  return 'written';
}

const absent = '${payload.d} has no value in this message: ';

test.each<[string, object, string, string]>([
  ['a topic', { topic: 'x-${payload.d}' }, '{}', `${absent}a topic needs all of its parts.`],
  ['a topic, null', { topic: 'x-${payload.d}' }, '{"d": null}', `${absent}a topic needs all of its parts.`],
  [
    'a topic, empty',
    { topic: 'x-${payload.d}' },
    '{"d": ""}',
    `${absent}it is empty, and a topic needs all of its parts.`,
  ],
  [
    'a topic, an empty list',
    { topic: 'x-${payload.d}' },
    '{"d": []}',
    `${absent}it is empty, and a topic needs all of its parts.`,
  ],
  ['a topic with all of them', { topic: 'x-${payload.d}' }, '{"d": "a"}', 'written'],
  ['a topic whose part may be empty', { topic: 'x-${payload.d:-}' }, '{}', 'written'],
  ['a topic whose part may be empty and is', { topic: 'x-${payload.d:-}' }, '{"d": ""}', 'written'],
  ['a value', { value: '{"d": ${payload.d}}' }, '{}', `${absent}text needs all of its parts.`],
  ['a value that is one placeholder', { value: '${payload.d}' }, '{}', 'written'],
  ['a value with empty text', { value: 'd=${payload.d}' }, '{"d": ""}', 'written'],
  [
    'a header',
    { headers: [{ name: 'h', value: 'tenant-${payload.d}' }] },
    '{}',
    `${absent}text needs all of its parts.`,
  ],
  ['a header that is one placeholder', { headers: [{ name: 'h', value: '${payload.d}' }] }, '{}', 'written'],
  ['a key', { key: 'k-${payload.d}' }, '{}', 'written'],
  ['a key of which it is demanded', { key: 'k-${payload.d:?}' }, '{}', '${payload.d:?} has no value in this message.'],
  [
    'a key of last states',
    { key: 'k-${payload.d}', emptyAsTombstone: true },
    '{}',
    `${absent}the last state is kept, and deleted, by its key.`,
  ],
  [
    'an empty key of last states',
    { key: '${payload.d}', emptyAsTombstone: true },
    '{"d": ""}',
    `${absent}it is empty, and a key of last states needs all of its parts.`,
  ],
])('%s that lacks a part: %s, %s', async (_what, sink, payload, outcome) => {
  expect(await written(sink, payload)).toBe(outcome);
});

test.each<[string, object, object]>([
  ['a topic', { topic: 'cmd/${key}/set' }, {}],
  ['a topic whose part is empty', { topic: 'cmd/${key}/set' }, { key: '' }],
  ['a payload', { payload: 'on ${key}' }, {}],
  ['a property', { userProperties: [{ name: 'p', value: 'x-${key}' }] }, {}],
  ['a content type', { contentType: 'text/${key}' }, {}],
  ['correlation data', { correlationData: 'x-${key}' }, {}],
  ['a response topic whose part is empty', { responseTopic: 'a/${key}' }, { key: '' }],
])('an MQTT message is not published when %s lacks a part', (_what, sink, record) => {
  const records = recordFlow('SELECT * FROM "$kafka/c"', {
    topic: 'out',
    payload: '${value}',
    qos: 1,
    retain: false,
    ...sink,
  } as never);
  records.give({ value: Buffer.from('x'), ...record } as never);
  expect([records.published, records.failures]).toEqual([[], ['template-value-missing']]);
});
