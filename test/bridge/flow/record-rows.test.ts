/** From Kafka to MQTT: a record whose many rows each hold it, or whose jq program does not end, stops nothing else and is never in memory at once. */
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Made } from '../../../bridge/flow/records/record-flow.ts';
import { RecordFlow } from '../../../bridge/flow/records/record-flow.ts';
import { RecordRule } from '../../../bridge/flow/records/record-rule.ts';
import type { AssignedPartition } from '../../../bridge/kafka/consumer/assigned-partition.ts';
import type { FetchedRecord } from '../../../bridge/kafka/consumer/batch-records.ts';
import type { Publication } from '../../../bridge/mqtt/publisher/publication.ts';
import type { JqAnswer } from '../../../rules/jq/protocol.ts';
import { until } from '../../real/until.ts';

const maxBytes = 1024 * 1024;

let waiting: { publication: Publication; made: Made }[];
let settled: unknown[];
let failures: string[];
let answers: ((answer: JqAnswer | undefined) => void)[];
let flow: RecordFlow;
const partition = { topic: 'c', partition: 0, settle: (taken: unknown) => settled.push(taken) };

const start = (sql: string): void => {
  const sinks = [{ mqtt: { topic: 'x/${i:-none}', qos: 1 as const, retain: false } }];
  const askJq = () => new Promise<JqAnswer | undefined>(resolve => answers.push(resolve));
  flow = new RecordFlow({
    rules: [new RecordRule({ name: 'r', sql, sinks } as never, { askJq })],
    deadLetterTopic: undefined,
    maxRecords: 100,
    maxBytes,
    failed: (_rule, { code }) => failures.push(code),
    obtainSchema: async () => false,
  });
  const publisher = {
    publish: (publication: Publication, made: Made) => waiting.push({ publication, made }),
    forget: (which: (made: Made) => boolean) => {
      waiting = waiting.filter(({ made }) => !which(made));
    },
  };
  flow.use(publisher as never, undefined);
};

beforeEach(() => {
  [waiting, settled, failures, answers] = [[], [], [], []];
});

const give = (value: string, taken: unknown): void => {
  const record = { offset: 0n, key: undefined, value: Buffer.from(value), headers: [], timestamp: 0 } as unknown;
  flow.record(partition as unknown as AssignedPartition, record as FetchedRecord, taken as never);
  flow.readEnd();
};

/** The server takes what waits. */
const take = (): string[] => {
  const taken = waiting.splice(0);
  for (const { made } of taken) flow.published(made, true);
  flow.settled();
  return taken.map(({ publication }) => publication.topic);
};

describe('a record of many rows', () => {
  const sql = 'FOREACH value.list AS i DO i, value FROM "$kafka/c"';
  const list = Array.from({ length: 300 }, (_, index) => index);
  const value = JSON.stringify({ list, filler: 'x'.repeat(64_000) });

  test('makes messages as the server takes them, in order, and is settled once', async () => {
    start(sql);
    give(value, 'first');
    const topics: string[] = [];
    await until(
      'the record to be settled',
      async () => {
        const bytes = waiting.reduce((sum, { publication }) => sum + publication.payload.length, 0);
        expect(bytes).toBeLessThan(maxBytes + 2 * value.length);
        for (const topic of take()) topics.push(topic);
        await turn();
        return settled.length > 0;
      },
      { everyMs: 1 },
    );
    expect(topics).toEqual(list.map(index => `x/${index}`));
    expect([settled, flow.account.inFlight, flow.room()]).toEqual([['first'], 0, undefined]);
  });

  test('that is taken away in the middle makes no more, and others come', async () => {
    start(sql);
    give(value, 'first');
    await turn();
    flow.takenAway([partition as unknown as AssignedPartition]);
    for (let turns = 0; turns < 5; turns++) await turn();
    expect([waiting, settled, flow.room(), flow.account.returned]).toEqual([[], [], undefined, 1]);
    give('{"list": [7]}', 'second');
    expect([take(), settled]).toEqual([['x/7'], ['second']]);
  });
});

describe('a record whose rule asks jq', () => {
  const sql = 'SELECT jq(\'.i\', value)[1] AS i FROM "$kafka/c" WHERE CHANGED(value)';

  test('waits, and nothing comes before it', async () => {
    start(sql);
    give('{"i": 1}', 'first');
    expect([flow.room() === undefined, waiting]).toEqual([false, []]);
    answers[0]!({ outputs: '1\n' });
    await flow.room();
    expect([take(), settled]).toEqual([['x/1'], ['first']]);
  });

  test('fails when its time is up', async () => {
    start(sql);
    give('{"i": 1}', 'first');
    answers[0]!(undefined);
    await flow.room();
    expect([failures, settled, waiting]).toEqual([['rule-failed'], ['first'], []]);
  });

  test('that is taken away meanwhile leaves nothing to the next', async () => {
    start(sql);
    give('{"i": 1}', 'first');
    flow.takenAway([partition as unknown as AssignedPartition]);
    answers[0]!({ outputs: '1\n' });
    await flow.room();
    give('{"i": 1}', 'again');
    answers[1]!({ outputs: '2\n' });
    await flow.room();
    expect([take(), settled]).toEqual([['x/2'], ['again']]);
  });
});
