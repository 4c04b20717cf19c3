/** A consumer in each of its states: closed, stopped, refused, cut off, and while the group is made up again. The broker is in memory. */
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConsumerOptions } from '../../../../bridge/kafka/consumer/options.ts';
import type { Fault } from '../../../../demo/embedded/faults.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
import { until } from '../../../real/until.ts';
import { recordWriter } from '../../support/record-writer.ts';
import { type TestConsumer, testConsumer } from './support/consuming.ts';

let kafka: EmbeddedKafka;
let answers: PromiseWithResolvers<void>;
let over: AbortController;
const started: TestConsumer[] = [];
beforeEach(async () => {
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 1 }] });
  answers = Promise.withResolvers<void>();
  over = new AbortController();
});
afterEach(async () => {
  over.abort();
  answers.resolve();
  for (const { consumer } of started.splice(0)) consumer.close();
  await kafka.stop();
});

const write = (...values: string[]) =>
  recordWriter(
    kafka.bootstrap,
    't',
    values.map(value => ({ value })),
  );

/** Short times, so that what is not answered is given up soon. */
const short = {
  sessionTimeoutMs: 500,
  rebalanceTimeoutMs: 500,
  heartbeatMs: 20,
  commitEveryMs: 20,
  settleTimeoutMs: 200,
};

function start(more: Partial<ConsumerOptions> = {}, settlesAtOnce = true): TestConsumer {
  const self = { bridge: 'b', ordinal: started.length, host: 'h', instance: `${started.length}` };
  const made = testConsumer(kafka.bootstrap, 't', { ...short, self, ...more }, 700, settlesAtOnce);
  started.push(made);
  void connect(made);
  return made;
}

/** Again and again, as the bridge does. */
async function connect({ consumer }: TestConsumer): Promise<void> {
  for (const { signal } = over; !signal.aborted; await pause(5)) {
    const connected = await consumer.connect().then(
      () => true,
      () => false,
    );
    if (connected) return consumer.start();
  }
}

/** How far the group is read, as Kafka has it. */
async function committed(): Promise<number> {
  const admin = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const [topic] = await admin.fetchOffsets({ groupId: 'of-t', topics: ['t'] }).finally(() => admin.disconnect());
  return Number(topic!.partitions[0]!.offset);
}

/** What it waits for in each state, in the order of its life. */
const states = [
  'ApiVersions',
  'Metadata',
  'FindCoordinator',
  'JoinGroup',
  'SyncGroup',
  'OffsetFetch',
  'ListOffsets',
  'DescribeGroups',
  'Fetch',
  'Heartbeat',
  'OffsetCommit',
] as const;

describe.each(states)('while %s has no answer', api => {
  test('it can be closed, and what is answered afterwards changes nothing', async () => {
    await write('a', 'b');
    const held = kafka.faults.add({ api, until: answers.promise, times: Number.POSITIVE_INFINITY });
    const { consumer, handed } = start({}, false);
    await held.met();
    consumer.close();
    const before = handed.length;
    answers.resolve();
    kafka.faults.clear();
    const other = start();
    await until('another one to read all', () => new Set(other.handed).size === 2);
    expect([consumer.joined, consumer.partitions, handed.length]).toEqual([false, [], before]);
  });

  test('it stops all the same, and no record is passed over', async () => {
    await write('a', 'b');
    const held = kafka.faults.add({ api, until: answers.promise, times: Number.POSITIVE_INFINITY });
    const { consumer, handed } = start({}, false);
    await held.met();
    const stopped = consumer.stop(50);
    await stopped;
    expect([consumer.joined, consumer.partitions]).toEqual([false, []]);
    answers.resolve();
    kafka.faults.clear();
    const other = start();
    await until('another one to read all', () => new Set(other.handed).size === 2);
    expect(handed.length).toBeLessThanOrEqual(2);
  });
});

/** What goes wrong with one request, and with the next of its kind if there is one. */
const failures: [string, Pick<Fault, 'drop' | 'error' | 'applied'>][] = [
  ['the connection is lost before it', { drop: 'before' }],
  ['the connection is lost after it', { drop: 'after' }],
  ['it is answered NOT_COORDINATOR', { error: 16 }],
  ['it is answered REBALANCE_IN_PROGRESS', { error: 27 }],
  ['it is answered UNKNOWN_MEMBER_ID', { error: 25 }],
  ['it is answered a code that Kafka does not have', { error: 999 }],
  ['it is done, and answered a code that Kafka does not have', { error: 999, applied: true }],
];

describe.each(states.filter(api => api !== 'ApiVersions'))('when something is wrong with %s', api => {
  test.each(failures)('%s: each record is handed over, in order, and committed', async (_, failure) => {
    await write('a', 'b');
    const fault = kafka.faults.add({ api, times: 2, ...failure });
    const { consumer, handed } = start();
    await fault.met();
    await until('the commit', () => consumer.partitions[0]?.offsets?.committed === 2n);
    expect([...new Set(handed)]).toEqual(['a@0', 'b@1']);
    expect(await committed()).toBe(2);
  });
});

describe('records in flight when the group is made up again', () => {
  /** Two records in flight. */
  async function inFlight(more: Partial<ConsumerOptions> = {}): Promise<TestConsumer> {
    await write('a', 'b');
    // The session outlasts a pause of the machine; who was taken for dead is waited for shortly.
    const made = start({ sessionTimeoutMs: 60_000, ...more }, false);
    await until('the records', () => made.handed.length === 2);
    return made;
  }
  const rebalance = () => kafka.faults.add({ api: 'Heartbeat', error: 'REBALANCE_IN_PROGRESS' });
  const twice = ['a@0', 'b@1', 'a@0', 'b@1'];

  test('are waited for, committed, and not read again', async () => {
    const { consumer, handed, settle, taken } = await inFlight({ settleTimeoutMs: 60_000 });
    const joins = kafka.faults.add({ api: 'JoinGroup', times: Number.POSITIVE_INFINITY });
    const beats = kafka.faults.add({ api: 'Heartbeat', skip: 1, times: Number.POSITIVE_INFINITY });
    await rebalance().met();
    // It beats while it waits, and does not join.
    await beats.met(5);
    expect([joins.hits, taken.times]).toEqual([0, 0]);
    settle();
    await joins.met();
    await until('it to be a member again', () => consumer.joined && consumer.partitions[0]?.offsets?.position === 2n);
    expect([await committed(), handed, taken.times]).toEqual([2, ['a@0', 'b@1'], 1]);
  });

  test('are read again when their time is over, and what is settled of them later is not committed', async () => {
    const { handed, settle, taken } = await inFlight();
    const commits = kafka.faults.add({ api: 'OffsetCommit', times: Number.POSITIVE_INFINITY });
    rebalance();
    await until('them to be taken away', () => taken.times === 1);
    settle();
    await until('them again', () => handed.length === 4);
    expect([handed, commits.hits]).toEqual([twice, 0]);
    settle();
    await until('the commit', async () => (await committed()) === 2);
  });

  test.each([
    'REBALANCE_IN_PROGRESS',
    'UNKNOWN_MEMBER_ID',
    'ILLEGAL_GENERATION',
    -1,
    999,
  ] as const)('are read again when their offsets are answered %s', async error => {
    const { handed, settle, taken } = await inFlight({ settleTimeoutMs: 60_000, commitEveryMs: 60_000 });
    const commits = kafka.faults.add({ api: 'OffsetCommit', error, times: Number.POSITIVE_INFINITY });
    await rebalance().met();
    settle();
    await until('them again', () => handed.length === 4);
    expect([handed, taken.times, commits.hits]).toEqual([twice, 1, 3]);
  });

  test.each([
    'UNKNOWN_MEMBER_ID',
    'ILLEGAL_GENERATION',
  ] as const)('are taken away at once when a heartbeat is answered %s, also while they are waited for', async error => {
    const { handed, settle, taken } = await inFlight({ settleTimeoutMs: 60_000 });
    await rebalance().met();
    kafka.faults.add({ api: 'Heartbeat', error });
    await until('them again', () => handed.length === 4);
    expect([handed, taken.times]).toEqual([twice, 1]);
    settle();
    await until('the commit', async () => (await committed()) === 2);
  });

  // A transaction was aborted while partitions were given back: they were read on, beside the member that had them by then.
  test('are not taken back when they are suspended while they are given back', async () => {
    const { consumer, handed, taken } = await inFlight({ settleTimeoutMs: 60_000, commitEveryMs: undefined });
    const beats = kafka.faults.add({ api: 'Heartbeat', skip: 1, times: Number.POSITIVE_INFINITY });
    // The group is not made up before it is looked at.
    const joins = kafka.faults.add({
      api: 'JoinGroup',
      error: 'REBALANCE_IN_PROGRESS',
      times: Number.POSITIVE_INFINITY,
    });
    await rebalance().met();
    await beats.met(2);
    consumer.suspend();
    consumer.resume();
    await joins.met(3);
    expect([consumer.joined, handed.length, taken.times]).toEqual([false, 2, 1]);
  });

  test('are read again when they are suspended and taken back', async () => {
    const { consumer, handed, taken } = await inFlight({ commitEveryMs: undefined });
    consumer.suspend();
    expect([consumer.joined, taken.times]).toEqual([false, 1]);
    consumer.resume();
    await until('them again', () => handed.length === 4);
    expect([handed, taken.times]).toEqual([twice, 1]);
  });

  test('are taken away when the consumer is closed while they are waited for, and it joins no more', async () => {
    const { consumer, handed, settle, taken } = await inFlight({ settleTimeoutMs: 60_000 });
    const beats = kafka.faults.add({ api: 'Heartbeat', skip: 1, times: Number.POSITIVE_INFINITY });
    await rebalance().met();
    await beats.met(2);
    consumer.close();
    expect([taken.times, consumer.joined]).toEqual([1, false]);
    settle();
    const other = start();
    await until('another one to read them', () => other.handed.length === 2);
    expect(handed).toHaveLength(2);
  });

  test('are waited for once when the consumer stops meanwhile, and committed', async () => {
    const { consumer, handed, settle, taken } = await inFlight({ settleTimeoutMs: 60_000 });
    await rebalance().met();
    const stopped = consumer.stop(60_000);
    settle();
    await stopped;
    expect([await committed(), handed.length, taken.times]).toEqual([2, 2, 1]);
  });
});
