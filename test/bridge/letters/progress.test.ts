// Letters are picked by filters, runs are killed, and Kafka keeps one offset of a partition: a letter that was skipped must stay open, and one
// that was replayed must not be replayed, or counted, again.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Done,
  decodeDone,
  encodeDone,
  isDone,
  nothingDone,
  type Selection,
} from '../../../bridge/letters/done.ts';
import type { LetterFilter } from '../../../bridge/letters/filter.ts';
import type { Letter } from '../../../bridge/letters/letter.ts';
import { Progress, type TakenLetter } from '../../../bridge/letters/progress.ts';

const all: LetterFilter = { rules: [], codes: [], topics: [], key: undefined, since: undefined, until: undefined };
const replayAll: Selection = { filter: all, drops: false, maxRounds: 3, not: [] };
const id = '0123456789abcdef0123456789abcdef';

interface Facts {
  readonly rule: string;
  readonly code: string;
  readonly key: string;
  readonly rounds: number;
  readonly truncated: boolean;
}

const letterOf = (offset: bigint, { rule, code, key, rounds, truncated }: Facts): Letter => ({
  ...{ partition: 0, offset, timestamp: Number(offset) * 1000, key: Buffer.from(key), value: Buffer.from('{}') },
  reason: {
    ...{ code, message: 'it failed', rule, ruleVersion: undefined, sink: undefined, version: undefined },
    ...{ truncatedFrom: truncated ? '9' : undefined, rounds },
  },
  ...{ source: { kind: 'mqtt', topic: `cars/${key}`, qos: '1', retain: 'false', clientid: undefined }, headers: [] },
});

const plain: Facts = { rule: 'a', code: 'x', key: '1', rounds: 0, truncated: false };
/** What Kafka gives back of it. */
const kept = (done: Done): Done => decodeDone(done.before, encodeDone(done, id), id);

/** A run over letters up to a number of them, of which those settle that `settles` says. What it took is in its order. */
const run = (
  before: Done,
  selection: Selection,
  letters: readonly Letter[],
  { limit = Number.POSITIVE_INFINITY, settles = (_: number): boolean => true, unknown = '' } = {},
): { readonly progress: Progress; readonly taken: readonly Letter[] } => {
  const progress = new Progress(0, before, selection);
  const taken: [Letter, TakenLetter][] = [];
  for (const letter of letters) {
    if (letter.offset < before.before) continue;
    if (taken.length >= limit) break;
    if (progress.look(letter, letter.reason?.rule !== unknown) === 'take') taken.push([letter, progress.take(letter)]);
    else progress.passed(letter.offset + 1n);
  }
  for (const [at, [, each]] of taken.entries()) if (settles(at)) progress.settle(each);
  return { progress, taken: taken.map(([letter]) => letter) };
};

const filters = fc.record<LetterFilter>({
  rules: fc.subarray(['a', 'b']),
  codes: fc.subarray(['x', 'y']),
  topics: fc.constantFrom([], ['cars/1'], ['cars/#']),
  key: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
  since: fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined }),
  until: fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined }),
});
const facts = fc.record<Facts>({
  rule: fc.constantFrom('a', 'b', 'c'),
  code: fc.constantFrom('x', 'y'),
  key: fc.constantFrom('1', '2', '3'),
  rounds: fc.integer({ min: 0, max: 3 }),
  truncated: fc.boolean(),
});
interface Run {
  readonly filter: LetterFilter;
  readonly drops: boolean;
  readonly maxRounds: number;
  readonly limit: number | undefined;
  /** Those that are not settled when the process is killed. */
  readonly unsettled: readonly number[];
  /** A rule that the document does not have. */
  readonly unknown: string;
}

const runs = fc.record<Run>({
  filter: filters,
  drops: fc.boolean(),
  maxRounds: fc.integer({ min: 1, max: 4 }),
  limit: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
  unsettled: fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 3 }),
  unknown: fc.constantFrom('', 'b', 'c'),
});

/** Runs one after the other: which letters are done is what `expected` says after each. */
function checkRuns(letters: readonly Letter[], all: readonly Run[]): void {
  const expected = new Set<bigint>();
  let done = nothingDone;
  for (const { filter, drops, maxRounds, limit, unsettled, unknown } of all) {
    const settles = (at: number): boolean => !unsettled.includes(at);
    const how = { settles, unknown: drops ? '' : unknown, ...(limit !== undefined && { limit }) };
    const { progress, taken } = run(done, { filter, drops, maxRounds, not: [] }, letters, how);
    expect(taken.filter(({ offset }) => expected.has(offset))).toEqual([]);
    const first = taken.findIndex((_, at) => !settles(at));
    for (const { offset } of taken.slice(0, first < 0 ? undefined : first)) expected.add(offset);
    done = kept(progress.done);
    const found = letters.filter(each => isDone(done, each)).map(({ offset }) => offset);
    expect(found).toEqual([...expected].sort((left, right) => Number(left - right)));
    expect(done.replayed + done.dropped).toBe(expected.size);
  }
}

describe('what is done', () => {
  test('is what was settled before the first that was not, whatever was asked for, and each is counted once', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 30 }), fc.array(runs, { maxLength: 6 }), (given, all) => {
        // Offsets have gaps.
        checkRuns(
          given.map((each, at) => letterOf(BigInt(at + Math.floor(at / 5)), each)),
          all,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('of a run over everything is an offset, and nothing else has to be remembered', () => {
    const letters = Array.from({ length: 100 }, (_, at) => letterOf(BigInt(at), plain));
    const half = run(nothingDone, { ...replayAll, filter: { ...all, key: '1' } }, letters, { limit: 50 });
    const { progress } = run(kept(half.progress.done), replayAll, letters);
    expect(progress.done).toEqual({ before: 100n, worked: [], replayed: 100, dropped: 0 });
  });

  test('of every second letter among 100,000 takes as many bytes as of one', () => {
    const letters = Array.from({ length: 100_000 }, (_, at) =>
      letterOf(BigInt(at), { ...plain, rule: Math.random() < 0.5 ? 'a' : 'b' }),
    );
    const { progress } = run(nothingDone, { ...replayAll, filter: { ...all, rules: ['a'] } }, letters);
    const text = encodeDone(progress.done, id);
    expect(text.length).toBeLessThan(200);
    const open = letters.filter(each => !isDone(progress.done, each));
    expect(open.every(({ reason }) => reason!.rule === 'b')).toBe(true);
  });

  test('is not confused by a topic that was made again, or a group that somebody has set', () => {
    const { progress } = run(nothingDone, replayAll, [letterOf(0n, plain)]);
    const text = encodeDone(progress.done, id);
    expect(decodeDone(1n, text, 'f'.repeat(32))).toEqual(nothingDone);
    expect(decodeDone(7n, '', id)).toEqual({ ...nothingDone, before: 7n });
    expect(decodeDone(7n, '{"a": 1}', id)).toEqual({ ...nothingDone, before: 7n });
    expect(decodeDone(undefined, '', id)).toEqual(nothingDone);
    expect(() => decodeDone(7n, '{"v": 2}', id)).toThrow(
      expect.objectContaining({ code: 'dead-letter-state-unknown' }),
    );
  });

  test('that is more than Kafka keeps is refused', () => {
    const worked = Array.from({ length: 200 }, (_, at) => ({
      ...replayAll,
      filter: { ...all, key: `k${at}` },
      end: 9n,
    }));
    expect(() => encodeDone({ ...nothingDone, worked }, id)).toThrow(
      expect.objectContaining({ code: 'dead-letter-selections-full' }),
    );
  });
});
