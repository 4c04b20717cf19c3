// Records of a sink that names partitions went to partition 0, or to any: what a message lacks must not choose for it.
import { afterEach, expect, test } from 'vitest';
import { loadText } from '../../../api/load.ts';
import { messageOf } from '../../../cli/test-message.ts';
import { writtenBy } from '../../../cli/test-records.ts';
import { rulesCheck } from '../../../rules/check.ts';
import { compileRule } from '../../../rules/compile.ts';
import { rowsOf } from '../../../rules/offline.ts';
import { documentOf, ruleOf } from '../../api/support/documents.ts';
import { Flow } from './support/flowing.ts';

let flow: Flow | undefined;
afterEach(async () => {
  await flow?.stop();
  flow = undefined;
});

const sql = 'SELECT payload, coalesce(payload.half, 0) / 2 AS half FROM "v/#"';
const sinkOf = (partition: string) => ({ topic: 't', key: 'k', value: '${payload}', partition });

/** What becomes of a message, in the bridge and by `mkb test`. */
async function live(partition: string, payload: string): Promise<number | string> {
  flow = await Flow.start({
    topics: ['t', 'dead'],
    deadLetter: 'dead',
    broker: {
      topics: [
        { name: 't', partitions: 8 },
        { name: 'dead', partitions: 1 },
      ],
    },
    rules: [{ name: 'r', sql, sinks: [{ kafka: sinkOf(partition) }] }],
  });
  await flow.send({ topic: 'v/1', payload });
  const [record] = flow.kafka.records('t');
  if (record !== undefined) return record.partition;
  const headers = Object.fromEntries(flow.records('dead')[0]!.headers);
  expect(flow.records('dead')[0]!.value).toBe(payload);
  return headers['mkb.error.code']!;
}

function offline(partition: string, payload: string): number | string {
  const message = messageOf({ topic: 'v/1', payload, qos: 1, retain: false, timestamp: 1000 } as never);
  const rule = compileRule(sql);
  const document = { name: 'r', sql, sinks: [{ kafka: { mqttHeaders: false, ...sinkOf(partition) } }] };
  try {
    return writtenBy(document as never, rule, rowsOf(rule, message, []))[0]!.partition!;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const invalid = 'record-partition-invalid';
const missing = 'record-partition-missing';

test.each<[string, string, string, number | string]>([
  ['a number', '${payload.p}', '{"p": 7}', 7],
  ['zero', '${payload.p}', '{"p": 0}', 0],
  ['digits', '${payload.p}', '{"p": "5"}', 5],
  ['a constant', '3', '{}', 3],
  ['text of parts', '${payload.p}', '{"p": "1"}', 1],
  ['a float of the rule that is whole', '${half}', '{"half": 6}', 3],
  ['a number for want of one', '${payload.p:-2}', '{}', 2],
  ['a float that is not whole', '${half}', '{"half": 3}', invalid],
  ['a negative number', '${payload.p}', '{"p": -1}', invalid],
  ['a number larger than any partition', '${payload.p}', '{"p": 4294967296}', invalid],
  ['a number that is too large to be exact', '${payload.p}', '{"p": 1e300}', invalid],
  ['true', '${payload.p}', '{"p": true}', invalid],
  ['a list', '${payload.p}', '{"p": [1]}', invalid],
  ['words', '${payload.p}', '{"p": "one"}', invalid],
  ['empty text', '${payload.p}', '{"p": ""}', invalid],
  ['a number with spaces', '${payload.p}', '{"p": " 1"}', invalid],
  ['a number in another base', '${payload.p}', '{"p": "0x1"}', invalid],
  ['nothing', '${payload.p}', '{}', missing],
  ['null', '${payload.p}', '{"p": null}', missing],
  ['text of which a part is missing', '1${payload.p}', '{}', missing],
])('the bridge and mkb test make the same of %s', async (_what, partition, payload, expected) => {
  expect([await live(partition, payload), offline(partition, payload)]).toEqual([expected, expected]);
});

test('a partition that the topic has not is a dead letter, and the message behind it is delivered', async () => {
  flow = await Flow.start({
    topics: ['t', 'dead'],
    deadLetter: 'dead',
    rules: [{ name: 'r', sql, sinks: [{ kafka: sinkOf('${payload.p}') }] }],
  });
  await flow.send({ topic: 'v/1', payload: '{"p": 1}' }, { topic: 'v/1', payload: '{"p": 0}' });
  expect(flow.records('t').map(({ value }) => value)).toEqual(['{"p": 0}']);
  const letter = flow
    .records('dead')
    .map(({ value, headers }) => [value, Object.fromEntries(headers)['mkb.error.message']]);
  expect(letter).toEqual([['{"p": 1}', 'Topic t has no partition 1: it has 1, counted from 0.']]);
  expect([flow.count('delivered'), flow.count('dead_lettered')]).toEqual([1, 1]);
});

test.each([
  '-1',
  '1.5',
  'first',
  '{{payload.p}}',
])('a constant that is no partition is refused with the document: %s', partition => {
  const document = documentOf({ rules: [ruleOf(sinkOf(partition))] });
  const { problems } = loadText(JSON.stringify(document), 'b.yaml', { checks: [rulesCheck] });
  expect(problems).toEqual([expect.objectContaining({ path: 'spec.rules[0].sinks[0].kafka.partition' })]);
});
