/** From Kafka to MQTT: a record whose many rows each hold it, or whose jq program does not end, stops nothing else and is never in memory at once. */
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { BoundRule } from '../../../bridge/flow/bound-rule.ts';
import type { LetterBox } from '../../../bridge/flow/letters.ts';
import { Pipeline } from '../../../bridge/flow/pipeline.ts';
import type { Sink } from '../../../bridge/flow/sink.ts';
import type { Intake } from '../../../bridge/flow/source.ts';
import type { AssignedPartition } from '../../../bridge/kafka/consumer/assigned-partition.ts';
import type { FetchedRecord } from '../../../bridge/kafka/consumer/batch-records.ts';
import type { Publication } from '../../../bridge/mqtt/publisher/publication.ts';
import { MqttWriter } from '../../../bridge/sinks/mqtt-writer.ts';
import { KafkaSource, type KafkaSourceOptions } from '../../../bridge/sources/kafka.ts';
import type { JqAnswer } from '../../../rules/jq/protocol.ts';
import { until } from '../../real/until.ts';

const maxBytes = 1024 * 1024;

interface Sent {
  readonly publication: Publication;
  readonly token: number;
}

let waiting: Sent[];
let settled: unknown[];
let failures: string[];
let answers: ((answer: JqAnswer | undefined) => void)[];
let flow: TestSource;
let pipeline: Pipeline;
const partition = {
  topic: 'c',
  partition: 0,
  settle: (taken: unknown) => settled.push(taken),
} as unknown as AssignedPartition;

/** Kafka as a source, of which the test is the consumer. */
class TestSource extends KafkaSource {
  intake!: Intake;

  override async start(intake: Intake): Promise<void> {
    this.attach(intake);
    this.intake = intake;
  }
}

const bytesWaiting = () => waiting.reduce((sum, { publication }) => sum + publication.payload.length, 0);

/** A sink that holds messages until the test takes them. */
const sink: Sink = {
  get full() {
    return bytesWaiting() > maxBytes;
  },
  get hasRoom() {
    return bytesWaiting() <= 0.75 * maxBytes;
  },
  readEnd: () => undefined,
  sendNow: () => undefined,
  flush: () => undefined,
  withdraw: isGone => {
    const gone = waiting.filter(({ token }) => isGone(token));
    waiting = waiting.filter(({ token }) => !isGone(token));
    for (const { token } of gone) pipeline.dropped(token);
  },
  waiting: () => undefined,
  start: async () => undefined,
  missing: () => [],
  close: async () => undefined,
};

const start = (sql: string, letterBox?: LetterBox): void => {
  const mqtt = { topic: 'x/${i:-none}', qos: 1 as const, retain: false };
  const askJq = () => new Promise<JqAnswer | undefined>(resolve => answers.push(resolve));
  const publish = (publication: Publication, token: number) => waiting.push({ publication, token });
  const rule = new BoundRule(
    { name: 'r', sql, sinks: [{ mqtt }] } as never,
    1,
    (_document, _name, compiled) => ({ sink, writer: new MqttWriter(mqtt as never, compiled, publish) }),
    { askJq },
  );
  pipeline = new Pipeline({
    rules: [rule],
    letterBox,
    failed: (_rule, { code }) => failures.push(code),
    raise: () => undefined,
    settled: () => undefined,
    obtainSchema: async () => false,
  });
  const retry = { minDelayMs: 1, maxDelayMs: 1 };
  const cluster = { bootstrapServers: [], retry, reconnect: retry, login: {}, connection: {} };
  const wanted = { names: ['c'], patterns: new Map(), except: new Set() };
  const consumer = { cluster, wanted } as unknown as KafkaSourceOptions['consumer'];
  flow = new TestSource(
    { consumer, rules: [rule], maxRecords: 100, maxBytes, persistent: false },
    { assigned: () => undefined, problem: () => undefined, stopped: () => undefined, untilDone: action => action() },
  );
  void flow.start(pipeline.intake(flow, [rule]));
};

beforeEach(() => {
  [waiting, settled, failures, answers] = [[], [], [], []];
});

const give = (value: string, taken: unknown): void => {
  const record = { offset: 0n, key: undefined, value: Buffer.from(value), headers: [], timestamp: 0 } as unknown;
  flow.take(partition, record as FetchedRecord, taken as never);
  flow.intake.readEnd();
};

/** The server takes what waits. */
const take = (): string[] => {
  const taken = waiting.splice(0);
  pipeline.delivered(taken.map(({ token }) => token));
  pipeline.settled();
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
        expect(bytesWaiting()).toBeLessThan(maxBytes + 2 * value.length);
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
    flow.withdraw([partition]);
    for (let turns = 0; turns < 5; turns++) await turn();
    expect([waiting, settled, flow.room(), flow.account.returned]).toEqual([[], [], undefined, 1]);
    give('{"list": [7]}', 'second');
    expect([take(), settled]).toEqual([['x/7'], ['second']]);
  });
});

describe('a record whose dead letter is under way when its partition is taken away', () => {
  const tooLarge = new MkbError('kafka-message-too-large', { bytes: 2, topic: 'dead', limit: 'the limit' });
  const denied = new MkbError('kafka-not-authorised', { what: 'write to dead', reason: 'an ACL' });
  let written: number[];
  const letterBox: LetterBox = {
    full: false,
    hasRoom: true,
    write: (_letter, token) => written.push(token),
    waiting: () => undefined,
    readEnd: () => undefined,
  };

  /** A record whose rule fails is on its way to the dead letters. */
  const withdrawn = (): number => {
    written = [];
    start('SELECT 1 / value AS i FROM "$kafka/c"', letterBox);
    give('0', 'first');
    expect([written.length, flow.account.inFlight]).toEqual([1, 1]);
    flow.withdraw([partition]);
    return written[0]!;
  };

  // Another member works on the record: it is no loss, and was reported as one.
  test.each([
    ['fails', denied],
    ['is too large, and is not written once more, shorter', tooLarge],
  ])('is returned, and no loss, when the letter %s', (_what, error) => {
    const token = withdrawn();
    pipeline.failed(token, error, { value: Buffer.alloc(2), headers: [] } as never);
    pipeline.settled();
    expect(failures).toEqual(['rule-failed']);
    expect([written, settled]).toEqual([[token], []]);
    const { account } = flow;
    expect([account.returned, account.inFlight, account.count('dead_letter_failed')]).toEqual([1, 0, 0]);
  });

  test('is returned, and not counted as a dead letter, when the letter is written', () => {
    pipeline.delivered([withdrawn()]);
    pipeline.settled();
    const { account } = flow;
    expect([account.returned, account.inFlight, account.count('dead_lettered'), settled]).toEqual([1, 0, 0, []]);
  });

  test('gives its place to the next, whose own letter counts', () => {
    const first = withdrawn();
    give('0', 'second');
    const second = written[1]!;
    expect(second).not.toBe(first);
    pipeline.failed(first, denied, { value: undefined, headers: [] } as never);
    pipeline.delivered([second]);
    pipeline.settled();
    const { account } = flow;
    expect([account.returned, account.inFlight, account.count('dead_lettered'), settled]).toEqual([
      1,
      0,
      1,
      ['second'],
    ]);
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
    flow.withdraw([partition]);
    answers[0]!({ outputs: '1\n' });
    await flow.room();
    give('{"i": 1}', 'again');
    answers[1]!({ outputs: '2\n' });
    await flow.room();
    expect([take(), settled]).toEqual([['x/2'], ['again']]);
  });
});
