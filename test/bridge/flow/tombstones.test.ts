// A device was gone from its broker, by an empty retained message, and its last state stayed in the compacted topic: the record had an empty value.
import { afterEach, describe, expect, test } from 'vitest';
import { loadText } from '../../../api/load.ts';
import { asExpected } from '../../../cli/test-diff.ts';
import { documentOf as document, ruleOf } from '../../api/support/documents.ts';
import { any, documentOf, flow, header, live, offline, start, stop } from './support/cloud-events.ts';

afterEach(stop);

const key = '${topic}';
const plain = (sink: object) => documentOf({}, any, { key, cloudEvents: undefined, emptyAsTombstone: true, ...sink });

describe('an empty payload', () => {
  test.each<[string, object, boolean]>([
    ['is a tombstone', {}, true],
    ['of a template is one as well', { value: '${payload}', mqttHeaders: true }, true],
    ['is an empty value without the option', { emptyAsTombstone: false }, false],
    ['within other text is none', { value: 'state: ${payload}' }, false],
  ])('%s, in the bridge and in mkb test', async (_what, sink, tombstone) => {
    const rule = plain(sink);
    const records = await live(rule, { payload: '' });
    expect(records.map(each => [String(each.key), each.value === undefined])).toEqual([['v/1', tombstone]]);
    expect(asExpected(offline(rule, { payload: '' })[0]!).tombstone).toBe(tombstone ? true : undefined);
  });

  test.each([
    'binary',
    'structured',
  ])('is a tombstone with the attributes as headers, of CloudEvents in %s mode', async mode => {
    const rule = documentOf({ mode }, any, { key, emptyAsTombstone: true });
    const [tombstone, event] = await live(rule, { payload: '' }, { payload: '{}' });
    expect([tombstone!.value, header(tombstone!, 'ce_type'), header(tombstone!, 'content-type')]).toEqual([
      undefined,
      ['dev.mqttkafka.message'],
      [],
    ]);
    expect(event!.value).not.toBeUndefined();
    expect(offline(rule, { payload: '' })[0]!.value).toBeUndefined();
  });
});

test('a payload that is not empty is written as it came', async () => {
  const records = await live(plain({}), { payload: '0' }, { payload: 'x' });
  expect(records.map(({ value }) => String(value))).toEqual(['0', 'x']);
});

test('a tombstone that Kafka refuses leaves the empty payload as the dead letter, which is no tombstone', async () => {
  const rules = [plain({ topic: 'nowhere-${payload:-}x' })];
  const running = await start({
    topics: ['dead'],
    deadLetter: 'dead',
    broker: { autoCreateTopics: false, topics: [{ name: 'dead', partitions: 1 }] },
    rules,
  });
  await running.send({ topic: 'v/1', payload: '' });
  const [letter] = flow().kafka.records('dead');
  expect(letter!.value?.length).toBe(0);
});

test('a sink without a key is refused', () => {
  const text = JSON.stringify(document({ rules: [ruleOf({ topic: 't', emptyAsTombstone: true })] }));
  expect(loadText(text, 'b.yaml').problems).toEqual([
    expect.objectContaining({ path: 'spec.rules[0].sinks[0].kafka.emptyAsTombstone', code: 'field-conflict' }),
  ]);
});
