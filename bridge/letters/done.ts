/**
 * Which letters of a partition are done: replayed, or dropped. A topic is append-only, and letters are picked by filters, so those that are done
 * lie anywhere in it.
 *
 * Letters are worked on in the order of their offsets. So it needs no list of them: a *selection* (a filter, and the offset up to which it was
 * worked through) says of each letter whether it is done. All of it fits into what Kafka keeps beside a committed offset (4096 bytes unless a
 * broker is configured otherwise), and is written at one go with that offset: before it everything is done.
 *
 * The format (version 1) is JSON: `v`, the `id` of the topic, how many were `replayed` and `dropped`, and selections `s` with `end`, the parts of
 * the filter (`r` rules, `e` errors, `t` topics, `k` key, `f` from and `u` until a time), `d` 1 for a drop, and for a replay what it passed over: `m`
 * rounds and `n` rules or sinks.
 */
import { MkbError } from '../../api/errors.ts';
import { type LetterFilter, wants } from './filter.ts';
import type { Letter } from './letter.ts';
import { hindrance, type Passes } from './replayable.ts';

export interface Selection extends Passes {
  readonly filter: LetterFilter;
  /** Whether letters are dropped, and not replayed: then none is passed over. */
  readonly drops: boolean;
}

/** A selection that was worked through up to an offset, exclusive. */
export interface Worked extends Selection {
  readonly end: bigint;
}

export interface Done {
  /** Before this offset all are done. */
  readonly before: bigint;
  readonly worked: readonly Worked[];
  /** How many were replayed, and how many dropped, since the topic was made. */
  readonly replayed: number;
  readonly dropped: number;
}

export const nothingDone: Done = { before: 0n, worked: [], replayed: 0, dropped: 0 };

/** Whether the letter is one of those. */
export const selects = (selection: Selection, letter: Letter): boolean =>
  wants(selection.filter, letter) && (selection.drops || hindrance(letter, selection) === undefined);

export const isDone = ({ before, worked }: Done, letter: Letter): boolean =>
  letter.offset < before || worked.some(each => letter.offset < each.end && selects(each, letter));

/** The same when a selection was worked through as well. What it covers, and what lies before `before`, need not be remembered. */
export const withWorked = (done: Done, added: Worked, before: bigint): Done => ({
  ...done,
  before,
  worked: [...done.worked.filter(each => !covers(added, each)), added].filter(({ end }) => end > before),
});

/** Whether all that `inner` selects is selected by `outer` too. */
const covers = (outer: Worked, inner: Worked): boolean =>
  outer.end >= inner.end && coversFilter(outer.filter, inner.filter) && (outer.drops || passesLess(outer, inner));

const coversFilter = (outer: LetterFilter, inner: LetterFilter): boolean =>
  isWider(outer.rules, inner.rules) &&
  isWider(outer.codes, inner.codes) &&
  isWider(outer.topics, inner.topics) &&
  (outer.key === undefined || outer.key === inner.key) &&
  (outer.since ?? Number.NEGATIVE_INFINITY) <= (inner.since ?? Number.NEGATIVE_INFINITY) &&
  (outer.until ?? Number.POSITIVE_INFINITY) >= (inner.until ?? Number.POSITIVE_INFINITY);

/** An empty list is no condition. */
const isWider = (outer: readonly string[], inner: readonly string[]): boolean =>
  outer.length === 0 || (inner.length > 0 && inner.every(each => outer.includes(each)));

const passesLess = (outer: Passes, inner: Selection): boolean =>
  !inner.drops && outer.maxRounds >= inner.maxRounds && outer.not.every(each => inner.not.includes(each));

// --- as Kafka keeps it

const version = 1;
/** Kafka's limit is 4096 (`offset.metadata.max.bytes`). */
const mostBytes = 4000;

interface Written {
  readonly v: number;
  readonly id?: string | undefined;
  readonly replayed: number;
  readonly dropped: number;
  readonly s: readonly WrittenSelection[];
}

interface WrittenSelection {
  readonly end: string;
  readonly r?: readonly string[];
  readonly e?: readonly string[];
  readonly t?: readonly string[];
  readonly k?: string;
  readonly f?: number;
  readonly u?: number;
  readonly d?: 1;
  readonly m?: number;
  readonly n?: readonly string[];
}

/** Throws `dead-letter-selections-full` if it is more than Kafka keeps. @param topicId undefined where brokers have none */
export function encodeDone({ worked, replayed, dropped }: Done, topicId: string | undefined): string {
  const written: Written = { v: version, id: topicId, replayed, dropped, s: worked.map(encodeSelection) };
  const text = JSON.stringify(written);
  if (Buffer.byteLength(text) > mostBytes)
    throw new MkbError('dead-letter-selections-full', { selections: worked.length, bytes: mostBytes });
  return text;
}

function encodeSelection({ end, filter, drops, maxRounds, not }: Worked): WrittenSelection {
  const { rules, codes, topics, key, since, until } = filter;
  const some = (list: readonly string[]) => (list.length === 0 ? undefined : list);
  const all = { end: String(end), r: some(rules), e: some(codes), t: some(topics), k: key, f: since, u: until };
  const kind = drops ? { d: 1 } : { m: Number.isFinite(maxRounds) ? maxRounds : undefined, n: some(not) };
  return { ...all, ...kind } as WrittenSelection;
}

/**
 * Throws `dead-letter-state-unknown` for what a later version wrote. A group whose offset somebody else has set has no selections.
 *
 * @param metadata what Kafka keeps beside the offset
 * @param topicId of the topic now: what was remembered of an earlier one of its name is forgotten
 */
export function decodeDone(before: bigint | undefined, metadata: string, topicId: string | undefined): Done {
  if (before === undefined) return nothingDone;
  const written = parse(metadata);
  if (written === undefined) return { ...nothingDone, before };
  if (written.v !== version) throw new MkbError('dead-letter-state-unknown', { version: String(written.v) });
  const { id, replayed, dropped, s } = written;
  if (id !== undefined && topicId !== undefined && id !== topicId) return nothingDone;
  return { before, replayed, dropped, worked: s.map(decodeSelection) };
}

function parse(metadata: string): Written | undefined {
  try {
    const written = JSON.parse(metadata) as Written | null;
    return typeof written === 'object' && written !== null && 'v' in written ? written : undefined;
  } catch {
    return undefined;
  }
}

const decodeSelection = ({ end, r, e, t, k, f, u, d, m, n }: WrittenSelection): Worked => ({
  end: BigInt(end),
  filter: { rules: r ?? [], codes: e ?? [], topics: t ?? [], key: k, since: f, until: u },
  drops: d === 1,
  maxRounds: m ?? Number.POSITIVE_INFINITY,
  not: n ?? [],
});
