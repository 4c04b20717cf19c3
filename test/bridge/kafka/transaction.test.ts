// A transaction whose commit had no answer was taken for aborted, or for committed; which one it was, the next epoch tells.
import { afterEach, expect, test } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import { Transaction } from '../../../bridge/kafka/transaction.ts';
import { kafkaCodes, reactionTo } from '../../../network/kafka/error-codes.ts';
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

  async #answer(call: Call, shown: string = call): Promise<number> {
    this.calls.push(shown);
    const answer = this.#script[call]?.shift() ?? 0;
    if (answer === noAnswer) throw new Error(noAnswer);
    return answer;
  }
}

let stage: Stage;
afterEach(() => stage.transaction.close());

test('records, then offsets, then the end are part of a transaction, and the next one begins without a request', async () => {
  stage = new Stage();
  await stage.open();
  await stage.commit();
  expect(stage.calls).toEqual(['begin as anybody', 'addPartitions', 'addOffsets', 'offsets', 'commit']);
  expect(stage.transaction.ready).toBe(true);
  expect(stage.transaction.admits(lane)).toBe(false);
});

test.each([
  'addPartitions',
  'addOffsets',
  'offsets',
  'commit',
] as const)('what passes is asked again in place: %s', async call => {
  stage = new Stage({ [call]: [15, 16, 14, 51, noAnswer, 7, -1, 999] });
  await stage.open();
  await stage.commit();
  expect(stage.calls.filter(each => each === call)).toHaveLength(9);
  expect(stage.dooms).toEqual([]);
  // That the transaction before is being ended is nobody's trouble.
  expect(stage.problems).toHaveLength(7);
});

const dooming = kafkaCodes.filter(({ code }) => ['renew', 'rejoin'].includes(reactionTo(code)));

test.each(
  dooming.map(({ code, name }) => [name, code] as const),
)('%s ends a transaction, and nothing is sent before the next epoch', async (_name, code) => {
  stage = new Stage({ offsets: [code] });
  await stage.open();
  await expect(stage.commit()).rejects.toMatchObject({ code: 'kafka-transaction-aborted' });
  expect(stage.dooms).toHaveLength(1);
  expect(stage.calls).not.toContain('commit');
  expect(stage.transaction.ready).toBe(false);
  expect(stage.transaction.admits(lane)).toBe(false);
  await stage.transaction.abort();
  expect(stage.calls.at(-1)).toBe('begin 0');
  expect(stage.transaction.ready).toBe(false);
  stage.transaction.begin();
  expect(stage.transaction.ready).toBe(true);
  expect(stage.transaction.current).toMatchObject({ producerEpoch: 1 });
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
