// A transaction whose commit had no answer was taken for aborted, or for committed; which one it was, the next epoch tells.
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import { Transaction } from '../../../bridge/kafka/transaction.ts';
import { kafkaCodes } from '../../../network/kafka/error-codes.ts';
import { until } from '../../real/until.ts';

type Call = 'begin' | 'addPartitions' | 'addOffsets' | 'offsets' | 'commit' | 'abort';

const noAnswer = 'no answer';
const lane = { topic: 't', partition: 0 };

/** A transaction, and a coordinator that answers each call with the next code of a script; with 0 when it has no more. */
class Stage {
  readonly calls: string[] = [];
  readonly problems: MkbError[] = [];
  readonly dooms: MkbError[] = [];
  admitted = 0;
  readonly transaction: Transaction;
  readonly #script: Partial<Record<Call, (number | typeof noAnswer)[]>>;
  #epoch = 0;

  constructor(script: Partial<Record<Call, (number | typeof noAnswer)[]>> = {}) {
    this.#script = script;
    const coordinator = {
      begin: async (_timeoutMs: number, before: { producerEpoch: number } | undefined) => {
        const errorCode = await this.#answer('begin', `begin ${before?.producerEpoch ?? 'as anybody'}`);
        return { throttleTimeMs: 0, errorCode, producerId: 7n, producerEpoch: errorCode === 0 ? this.#epoch++ : -1 };
      },
      addPartitions: () => this.#answer('addPartitions'),
      addOffsets: () => this.#answer('addOffsets'),
      end: (_us: unknown, committed: boolean) => this.#answer(committed ? 'commit' : 'abort'),
      close: () => undefined,
    };
    this.transaction = new Transaction(
      { id: 'bridge-0', timeoutMs: 60_000 },
      coordinator,
      { minDelayMs: 1, maxDelayMs: 2 },
      {
        admitted: () => this.admitted++,
        doomed: error => this.dooms.push(error),
        problem: error => this.problems.push(error),
      },
    );
  }

  /** With a partition in it, as it is when records were written. */
  async open(): Promise<void> {
    await this.transaction.obtain();
    expect(this.transaction.admits(lane)).toBe(false);
    await until('the partition to be in it', () => this.transaction.admits(lane), { everyMs: 1 });
  }

  commit(): Promise<void> {
    return this.transaction.commit({ groupId: 'g', send: () => this.#answer('offsets') });
  }

  /** Rejects with why the transaction is doomed, when it is. */
  async doomed(): Promise<void> {
    await until('it to be doomed', () => this.dooms.length > 0, { everyMs: 1 });
    throw this.dooms[0];
  }

  async #answer(call: Call, shown: string = call): Promise<number> {
    this.calls.push(shown);
    const answer = this.#script[call]?.shift() ?? 0;
    if (answer === noAnswer) throw new Error(noAnswer);
    return answer;
  }
}

let stage: Stage;
afterEach(() => {
  stage.transaction.close();
  vi.restoreAllMocks();
});

test('records, then offsets, then the end are part of a transaction, and the next one begins without a request', async () => {
  stage = new Stage();
  await stage.open();
  await stage.commit();
  expect(stage.calls).toEqual(['begin as anybody', 'addPartitions', 'addOffsets', 'offsets', 'commit']);
  expect(stage.transaction.ready).toBe(true);
  expect(stage.transaction.admits(lane)).toBe(false);
});

/** Codes after which the same request may succeed: brokers move, load, are busy, or do not know a new topic yet. */
const passing = [
  ['NOT_COORDINATOR', 16],
  ['COORDINATOR_NOT_AVAILABLE', 15],
  ['COORDINATOR_LOAD_IN_PROGRESS', 14],
  ['CONCURRENT_TRANSACTIONS', 51],
  ['REQUEST_TIMED_OUT', 7],
  ['BROKER_NOT_AVAILABLE', 8],
  ['NOT_ENOUGH_REPLICAS', 19],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 20],
  ['REBALANCE_IN_PROGRESS', 27],
  ['OPERATION_NOT_ATTEMPTED', 55],
  ['THROTTLING_QUOTA_EXCEEDED', 89],
  ['ILLEGAL_SASL_STATE', 34],
  ['UNKNOWN_TOPIC_OR_PARTITION', 3],
  ['LEADER_NOT_AVAILABLE', 5],
  ['NOT_LEADER_OR_FOLLOWER', 6],
  ['REPLICA_NOT_AVAILABLE', 9],
  ['NETWORK_EXCEPTION', 13],
  ['NOT_CONTROLLER', 41],
  ['KAFKA_STORAGE_ERROR', 56],
  ['LISTENER_NOT_FOUND', 72],
  ['FENCED_LEADER_EPOCH', 74],
  ['UNKNOWN_LEADER_EPOCH', 75],
  ['UNKNOWN_TOPIC_ID', 100],
  ['INCONSISTENT_TOPIC_ID', 103],
  ['NEW_LEADER_ELECTED', 108],
  ['REBOOTSTRAP_REQUIRED', 129],
] as const;

const inTransaction = ['addPartitions', 'addOffsets', 'offsets', 'commit'] as const;
const nobodyKnows = [-2, 999, 32_767];
/** Every other code that there is, and some that there are not yet. */
const ending = [...kafkaCodes.map(({ code }) => code), ...nobodyKnows].filter(
  code => code !== 0 && !passing.some(([, each]) => each === code),
);

describe.each(inTransaction)('%s', call => {
  test('is asked again without an answer', async () => {
    stage = new Stage({ [call]: [noAnswer, noAnswer] });
    await stage.open();
    await stage.commit();
    expect(stage.calls.filter(each => each === call)).toHaveLength(3);
    expect(stage.problems).toHaveLength(2);
    expect(stage.dooms).toEqual([]);
  });

  test.each(passing)('is asked again after %s', async (_name, code) => {
    stage = new Stage({ [call]: [code, code] });
    await stage.open();
    await stage.commit();
    expect(stage.calls.filter(each => each === call)).toHaveLength(3);
    expect(stage.dooms).toEqual([]);
    // That the transaction before is being ended is nobody's trouble.
    expect(stage.problems).toHaveLength(code === 51 ? 0 : 2);
  });

  test.each(
    ending,
  )('is followed by an abort and the next epoch after code %d, and never taken for a success', async code => {
    stage = new Stage({ [call]: [code] });
    await stage.transaction.obtain();
    stage.transaction.admits(lane);
    if (call !== 'addPartitions') await until('the partition', () => stage.transaction.admits(lane), { everyMs: 1 });
    await expect(call === 'addPartitions' ? stage.doomed() : stage.commit()).rejects.toMatchObject({
      code: 'kafka-transaction-aborted',
    });
    expect(stage.dooms).toHaveLength(1);
    expect(stage.calls.at(-1)).toBe(call);
    expect(stage.transaction.ready).toBe(false);
    expect(stage.transaction.admits(lane)).toBe(false);
    await stage.transaction.abort();
    expect(stage.calls.slice(-2)).toEqual(['abort', 'begin 0']);
    // Not before what is held is withdrawn.
    expect(stage.transaction.ready).toBe(false);
    stage.transaction.begin();
    expect(stage.transaction.ready).toBe(true);
    expect(stage.transaction.current).toMatchObject({ producerEpoch: 1 });
  });
});

describe.each(['abort', 'begin'] as const)('%s, after which records are made again,', call => {
  const isEnd = (code: number) => [47, 90].includes(code);
  /** There is nothing to abort: it may have been committed, and the group's offsets show that. */
  const isDone = (code: number) => call === 'abort' && [48, 49].includes(code);
  /** The coordinator has forgotten the epoch: the id is free. */
  const isAnybodys = (code: number) => call === 'begin' && code === 49;
  const all = [...passing.map(([, code]) => code), ...ending];

  test.each(
    all.filter(code => !isEnd(code) && !isDone(code) && !isAnybodys(code)),
  )('is asked again after code %d, for as long as it takes', async code => {
    stage = new Stage({ commit: [48], [call]: call === 'begin' ? [0, code, noAnswer, code] : [code, noAnswer, code] });
    await stage.open();
    await expect(stage.commit()).rejects.toThrow();
    await stage.transaction.abort();
    expect(stage.transaction.current).toMatchObject({ producerEpoch: 1 });
    expect(stage.calls.filter(each => each === 'begin as anybody')).toHaveLength(1);
  });
});

test.each([47, 90])('another process that has the id ends this one: code %d', async code => {
  for (const script of [{ abort: [code] }, { abort: [51, code] }, { begin: [0, 51, code] }]) {
    stage = new Stage({ commit: [code], ...script });
    await stage.open();
    await expect(stage.commit()).rejects.toMatchObject({ code: 'kafka-transaction-aborted' });
    await expect(stage.transaction.abort()).rejects.toMatchObject({ code: 'kafka-producer-fenced', kind: 'permanent' });
    // The id is not taken back.
    expect(stage.calls.filter(call => call === 'begin as anybody')).toHaveLength(1);
  }
});

// Kafka was down for two minutes, its coordinator aborted the transaction, and the bridge ended because "another process" had its id.
test.each([
  47, 90,
])('a coordinator that waited too long has not given the id to another process: code %d', async code => {
  stage = new Stage({ commit: [noAnswer, code], abort: [noAnswer, code] });
  await stage.open();
  await expect(stage.commit()).rejects.toMatchObject({ code: 'kafka-transaction-aborted' });
  const later = performance.now() + 60_000;
  vi.spyOn(performance, 'now').mockReturnValue(later);
  await stage.transaction.abort();
  expect(stage.calls.at(-1)).toBe('begin as anybody');
  stage.transaction.begin();
  expect(stage.transaction.current).toMatchObject({ producerEpoch: 1 });
});

test.each<[string, Partial<Record<Call, (number | typeof noAnswer)[]>>]>([
  ['was committed, and the answer was lost', { abort: [48] }],
  ['is being committed', { abort: [51, 51, 48], begin: [0, 51, 51] }],
  ['was aborted, and the answer was lost', { abort: [noAnswer, 0] }],
  ['has a coordinator that moves', { abort: [15, 16], begin: [0, 16, noAnswer] }],
  ['has a coordinator that forgot the id after days', { abort: [49], begin: [0, 49] }],
])('the next epoch follows a transaction that %s', async (_what, script) => {
  stage = new Stage({ commit: [48], ...script });
  await stage.open();
  await expect(stage.commit()).rejects.toThrow();
  await stage.transaction.abort();
  stage.transaction.begin();
  expect(stage.transaction.current).toMatchObject({ producerEpoch: 1 });
  await stage.open();
});

test('an answer that comes after the end of its transaction counts for no later one', async () => {
  stage = new Stage();
  await stage.transaction.obtain();
  stage.transaction.admits(lane);
  stage.transaction.renew(stage.transaction.current);
  await stage.transaction.abort();
  stage.transaction.begin();
  const adding = () => stage.calls.filter(call => call === 'addPartitions').length;
  const before = adding();
  await until('it to be asked again', () => stage.transaction.admits(lane), { everyMs: 1 });
  expect(adding()).toBeGreaterThan(before);
});

test('the number of a batch that was refused when it was sent once is used again, and of others it is not', async () => {
  stage = new Stage();
  await stage.open();
  stage.transaction.refused(stage.transaction.current, 1);
  expect(stage.transaction.ready).toBe(true);
  stage.transaction.refused(stage.transaction.current, 2);
  expect(stage.dooms).toHaveLength(1);
});
