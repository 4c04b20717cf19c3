// What had failed could be looked at, and sent again by hand only: without the rule, to sinks that had it already, and by nobody's count.
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import type { MkbError } from '../../../api/errors.ts';
import type { Selection } from '../../../bridge/letters/done.ts';
import { countOpen, drop } from '../../../bridge/letters/drop.ts';
import { LetterGroup, letterGroupOf } from '../../../bridge/letters/letter-group.ts';
import { LetterReader } from '../../../bridge/letters/reader.ts';
import { Replay, type ReplayOptions, type ReplayReport } from '../../../bridge/letters/replay.ts';
import { consumerOptions } from '../../../bridge/settings.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from '../../../demo/embedded/mqtt.ts';
import { until } from '../../real/until.ts';
import { recordWriter } from '../support/record-writer.ts';

let kafka: EmbeddedKafka;
let broker: EmbeddedMqtt;
let subscriber: MqttClient;
let heard: [topic: string, payload: string][] = [];

beforeAll(async () => {
  broker = await startEmbeddedMqtt();
  subscriber = await mqtt.connectAsync(broker.url);
  subscriber.on('message', (topic, payload) => heard.push([topic, payload.toString()]));
  await subscriber.subscribeAsync('#', { qos: 1 });
});
afterAll(async () => {
  await subscriber.endAsync(true);
  await broker.stop();
});
beforeEach(async () => {
  heard = [];
  const topics = ['first', 'second', 'other'].map(name => ({ name, partitions: 1 }));
  kafka = await startEmbeddedKafka({ autoCreateTopics: false, topics: [...topics, { name: 'dead', partitions: 2 }] });
});
afterEach(async () => await kafka.stop());

/** Rule `cars` writes two topics, `commands` sends to MQTT, and `counts` has windows. */
const documentOf = (sql = 'SELECT payload.speed AS speed FROM "cars/#" WHERE payload.speed >= 0') =>
  completeDocument({
    ...{ apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', metadata: { name: 'cars' } },
    spec: {
      mqtt: { url: broker.url, version: '3.1.1' },
      kafka: { bootstrapServers: [kafka.bootstrap] },
      delivery: { onFailure: { deadLetter: { topic: 'dead' } } },
      rules: [
        { name: 'cars', sql, sinks: [{ kafka: { topic: 'first' } }, { kafka: { topic: 'second' } }] },
        {
          name: 'commands',
          sql: 'SELECT value FROM "$kafka/commands"',
          sinks: [{ mqtt: { topic: 'cars/${key}/command', payload: '${value}' } }],
        },
        {
          name: 'counts',
          sql: 'SELECT COUNT(*) AS n FROM "cars/#" GROUP BY TUMBLING(1m)',
          sinks: [{ kafka: { topic: 'first' } }],
        },
      ],
    },
  });

interface Given {
  readonly value?: string | null;
  readonly rule?: string;
  readonly sink?: string;
  readonly partition?: number;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

/** Writes letters as a bridge does: of messages from MQTT, unless the headers say otherwise. */
const write = (letters: readonly Given[]) =>
  recordWriter(
    kafka.bootstrap,
    'dead',
    letters.map(({ value = '{"speed":1}', rule = 'cars', sink, partition = 0, key, headers }) => ({
      ...{ value, partition, ...(key !== undefined && { key }) },
      headers: {
        ...{ 'mkb.error.code': 'rule-failed', 'mkb.error.message': 'it failed', 'mkb.rule': rule },
        ...(sink !== undefined && { 'mkb.sink': sink }),
        ...(headers ?? { 'mqtt.topic': 'cars/1', 'mqtt.qos': '1', 'mqtt.retain': 'false' }),
      },
    })),
  );

const replayAll: Selection = {
  filter: { rules: [], codes: [], topics: [], key: undefined, since: undefined, until: undefined },
  ...{ drops: false, maxRounds: 3, not: [] },
};
const dropAll: Selection = { ...replayAll, drops: true };

/** Opens the topic as `mkb dead-letters` does. */
async function withLetters<T>(
  work: (reader: LetterReader, group: LetterGroup) => Promise<T>,
  lost: (error: MkbError) => void = () => undefined,
): Promise<T> {
  const consumer = await consumerOptions(documentOf(), [], { secretsDir: '' }, 0);
  const reader = new LetterReader(consumer, 'dead', () => undefined);
  await reader.open();
  const events = { problem: () => undefined, lost };
  const group = new LetterGroup(letterGroupOf(consumer, 'dead'), 'dead', reader.cluster, events);
  try {
    return await work(reader, group);
  } finally {
    await group.leave();
    reader.close();
  }
}

const replay = (options: Partial<ReplayOptions> = {}, document = documentOf()): Promise<ReplayReport> => {
  let run: Replay | undefined;
  const work = async (reader: LetterReader, group: LetterGroup) => {
    if (!options.dry) await group.join();
    run = new Replay(reader, group, {
      ...{ secrets: { secretsDir: '' }, topic: 'dead', selection: replayAll, destination: undefined, rate: undefined },
      ...{ limit: Number.POSITIVE_INFINITY, dry: false, now: 0, signal: new AbortController().signal },
      ...{ problem: () => undefined, ...options },
    });
    return await run.run(document, await group.done());
  };
  return withLetters(work, error => run?.lose(error));
};

const open = (): Promise<number> =>
  withLetters(async (reader, group) => await countOpen(reader, await group.done(), dropAll, Number.POSITIVE_INFINITY));
const outcomesOf = ({ outcomes }: ReplayReport) => Object.fromEntries(outcomes);
const valuesIn = (topic: string) => kafka.records(topic).map(({ value }) => value?.toString());

describe('a replay', () => {
  test('sends a letter through its rule, to the sink that failed alone, or to all if the rule itself failed', async () => {
    await write([{ value: '{"speed":1}' }, { value: '{"speed":2}', sink: 'sinks[1].kafka', partition: 1 }]);
    const report = await replay();
    expect([outcomesOf(report), report.done, report.left]).toEqual([{ delivered: 2 }, 2, 0]);
    expect(valuesIn('first')).toEqual(['{"speed":1}']);
    expect(valuesIn('second')).toEqual(['{"speed":1}', '{"speed":2}']);
    const [record] = kafka.records('first');
    expect(record!.headers.map(([name, value]) => [name, String(value)])).toEqual([
      ['mkb.replayed', '1970-01-01T00:00:00.000Z'],
    ]);
  });

  test('has the rule know what it knows in the bridge', async () => {
    await write([{}]);
    await replay({}, documentOf('SELECT rule_name, bridge_name FROM "cars/#"'));
    expect(valuesIn('first')).toEqual(['{"rule_name":"cars","bridge_name":"cars"}']);
  });

  test('goes on where the one before stopped, and sends nothing twice', async () => {
    await write(Array.from({ length: 20 }, (_, at) => ({ value: `{"speed":${at}}`, partition: at % 2 })));
    expect((await replay({ limit: 7 })).done).toBe(7);
    expect(await open()).toBe(13);
    expect((await replay()).done).toBe(13);
    expect(outcomesOf(await replay())).toEqual({});
    expect(valuesIn('first').sort()).toEqual(Array.from({ length: 20 }, (_, at) => `{"speed":${at}}`).sort());
  });

  test('takes what is asked for, and leaves the others open', async () => {
    await write([{ key: 'a' }, { key: 'b' }, { key: 'a' }, { key: 'b' }]);
    const selection = { ...replayAll, filter: { ...replayAll.filter, key: 'b' } };
    expect((await replay({ selection })).done).toBe(2);
    expect(await open()).toBe(2);
    expect((await replay()).done).toBe(2);
    expect([await open(), valuesIn('first').length]).toEqual([0, 4]);
  });

  test('whose rule fails again writes a letter with one round more, and passes it over after the last one', async () => {
    await write([{ value: 'no JSON', headers: { 'mqtt.topic': 'cars/9', 'mqtt.qos': '2', 'mqtt.retain': 'true' } }]);
    for (let round = 1; round <= 3; round++) {
      const report = await replay();
      expect([outcomesOf(report), Object.fromEntries(report.failures)]).toEqual([
        { dead_lettered: 1 },
        { 'payload-not-json': 1 },
      ]);
      expect(await open()).toBe(1);
    }
    const { headers, value } = kafka.records('dead').at(-1)!;
    const said = Object.fromEntries(headers.map(([name, content]) => [name, String(content)]));
    expect(String(value)).toBe('no JSON');
    expect(said).toMatchObject({
      'mkb.replay.rounds': '3',
      'mqtt.topic': 'cars/9',
      'mqtt.qos': '2',
      'mqtt.retain': 'true',
    });
    expect(said['mkb.sink']).toBeUndefined();
    expect([...(await replay()).passedOver]).toEqual([['it was replayed 3 times already', 1]]);
    expect(outcomesOf(await replay({ selection: { ...replayAll, maxRounds: 4 } }))).toEqual({ dead_lettered: 1 });
  });

  test('is done with a letter that the rule now filters out', async () => {
    await write([{ value: '{"speed":-1}' }]);
    expect([outcomesOf(await replay()), await open()]).toEqual([{ filtered: 1 }, 0]);
  });

  test('sends a record to MQTT as the message that failed', async () => {
    const headers = { 'kafka.topic': 'commands', 'kafka.partition': '3', 'kafka.offset': '7' };
    await write([{ rule: 'commands', sink: 'sinks[0].mqtt', key: 'k1', value: 'lock', headers }]);
    expect(outcomesOf(await replay())).toEqual({ delivered: 1 });
    await until('the message', () => heard.length === 1);
    expect(heard).toEqual([['cars/k1/command', 'lock']]);
  });

  test('with another destination sends each letter there once, and nothing to the sinks', async () => {
    await write([{ value: '{"speed":1}' }, { value: '{"speed":2}', sink: 'sinks[1].kafka' }]);
    const report = await replay({ destination: { kind: 'kafka', topic: 'other' }, limit: 1 });
    expect([report.done, valuesIn('other')]).toEqual([1, ['{"speed":1}']]);
    await replay({ destination: { kind: 'mqtt', topic: 'replayed/${topic}' } });
    await until('the message', () => heard.length === 1);
    expect(heard).toEqual([['replayed/cars/1', '{"speed":2}']]);
    expect([await open(), valuesIn('first'), valuesIn('second')]).toEqual([0, [], []]);
  });

  test('to another destination that fails again is a letter of what failed first', async () => {
    await write([{}, { sink: 'sinks[1].kafka' }]);
    const fault = kafka.faults.add({ api: 'Produce', topic: 'other', error: 'INVALID_RECORD', times: Infinity });
    expect(outcomesOf(await replay({ destination: { kind: 'kafka', topic: 'other' } }))).toEqual({ dead_lettered: 2 });
    fault.remove();
    expect((await replay()).done).toBe(2);
    expect([valuesIn('first').length, valuesIn('second').length]).toEqual([1, 2]);
  });

  test('passes over what cannot be sent again, says why, and leaves it open', async () => {
    await write([
      { headers: { 'mkb.truncated.from.bytes': '9000', 'mqtt.topic': 'cars/1' } },
      { rule: 'gone' },
      { sink: 'sinks[7].kafka' },
      { rule: 'counts' },
      { headers: {} },
      { rule: 'commands', sink: 'sinks[0].mqtt.outcome' },
    ]);
    await recordWriter(kafka.bootstrap, 'dead', [{ value: 'no letter', partition: 0 }]);
    await write([{}]);
    const { passedOver, done } = await replay();
    expect([...passedOver.keys()].sort()).toEqual([
      'it is a row of a window or of an event, and not a message',
      'it is no dead letter',
      'its message is delivered, and only the record of the outcome is not',
      'only the beginning of its payload is left',
      'the document has no rule "counts" that it could go through',
      'the document has no rule "gone" that it could go through',
      'the document has no sinks[7].kafka in a rule "cars" that it could go through',
    ]);
    expect([done, await open()]).toEqual([1, 7]);
  });

  test('fails for a letter whose topic FROM does not read any more', async () => {
    await write([{ headers: { 'mqtt.topic': 'bikes/1' } }]);
    const { failures } = await replay();
    expect([...failures]).toEqual([['dead-letter-topic-unread', 1]]);
    expect(await open()).toBe(1);
  });

  test.each([
    'INVALID_RECORD',
    'MESSAGE_TOO_LARGE',
  ] as const)('stops at a letter that fails again and cannot be written again (%s), which stays open and whole', async error => {
    await write([{ value: '{"speed":1}' }, { value: 'no JSON' }, { value: '{"speed":3}' }]);
    const fault = kafka.faults.add({ api: 'Produce', topic: 'dead', error, times: Infinity });
    const report = await replay();
    fault.remove();
    expect(report.error).toMatchObject({ code: 'dead-letter-stuck' });
    expect(report.error!.message).toContain('The letter at 0:1 ');
    expect([report.done, kafka.records('dead').length]).toEqual([1, 3]);
    expect(await open()).toBe(2);
  });

  test('that only tries sends nothing and remembers nothing', async () => {
    await write([{}, { value: 'no JSON' }, { value: '{"speed":-1}' }, { rule: 'commands', sink: 'sinks[0].mqtt' }]);
    const report = await replay({ dry: true });
    expect(outcomesOf(report)).toEqual({ delivered: 1, filtered: 1, dead_lettered: 2 });
    expect([kafka.records('dead').length, valuesIn('first'), await open()]).toEqual([4, [], 4]);
  });

  test('loses nothing and counts nothing twice when Kafka does not take offsets for a moment', async () => {
    await write(Array.from({ length: 30 }, (_, at) => ({ partition: at % 2 })));
    const fault = kafka.faults.add({ api: 'OffsetCommit', error: 'COORDINATOR_NOT_AVAILABLE', times: 2 });
    const report = await replay();
    expect([fault.hits, report.done, report.error, await open()]).toEqual([2, 30, undefined, 0]);
    fault.remove();
  });

  test('ends when another one takes over, which goes on with what is not done', async () => {
    await write(Array.from({ length: 40 }, (_, at) => ({ value: `{"speed":${at}}` })));
    // So slow that it is far from its end when the other one comes.
    const first = replay({ rate: 1 });
    await until('the first to have begun', () => valuesIn('first').length > 0);
    const second = await replay();
    const report = await first;
    expect(report.error?.code).toMatch(/^(dead-letter-group-lost|kafka-instance-fenced|kafka-membership-lost)$/);
    expect([report.done + second.done, await open()]).toEqual([40, 0]);
    expect(new Set(valuesIn('first')).size).toBe(40);
  });
});

describe('a drop', () => {
  test('marks what is asked for as done, and leaves it in the topic', async () => {
    await write([{ key: 'a' }, { key: 'b' }, { key: 'a', partition: 1 }]);
    const selection = { ...dropAll, filter: { ...dropAll.filter, key: 'a' } };
    const dropped = await withLetters(async (reader, group) => {
      await group.join();
      return await drop(reader, group, await group.done(), selection, Number.POSITIVE_INFINITY);
    });
    expect([dropped, await open(), kafka.records('dead').length]).toEqual([2, 1, 3]);
    expect((await replay()).done).toBe(1);
    const done = await withLetters((_, group) => group.done());
    expect(done.map(each => [each.replayed, each.dropped])).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });
});
