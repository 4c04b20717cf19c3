/**
 * How far a run has come in one partition: which of its letters are settled, and what may be committed of that.
 *
 * Letters settle in any order, and a crash may come at any moment. So what is committed ends before the first letter that is not settled,
 * and counts only those before it: each letter is counted once, by the commit that makes it done.
 */
import { type Done, encodeDone, isDone, type Selection, selects, type Worked, withWorked } from './done.ts';
import { wants } from './filter.ts';
import type { Letter } from './letter.ts';
import { hindrance, targetOf } from './replayable.ts';

/** A letter that is being worked on. */
export interface TakenLetter {
  readonly offset: bigint;
  settled: boolean;
}

/** What is committed of a partition, and how many letters of the run that makes done. */
interface LetterCommit {
  readonly offset: bigint;
  readonly metadata: string;
  readonly text: string;
  readonly letters: number;
}

export class Progress {
  readonly partition: number;
  /** Letters of this run of which Kafka knows that they are done. */
  remembered = 0;
  readonly #before: Done;
  #selection: Selection;
  readonly #taken: TakenLetter[] = [];
  /** Everything before was looked at. */
  #position: bigint;
  /** The first letter that is open and stays so; undefined while there is none. */
  #firstOpen: bigint | undefined;
  /** Of this run. */
  #settled = 0;
  /** What Kafka has, as text. */
  #committed: string | undefined;

  constructor(partition: number, before: Done, selection: Selection) {
    this.partition = partition;
    this.#before = before;
    this.#selection = selection;
    this.#position = before.before;
  }

  /**
   * What is done with the letter: take it, or why it stays open; undefined for one that is done, or not asked for.
   *
   * @param known whether the document has a rule, or sink, for letters like this one; if not, none of them is taken
   */
  look(letter: Letter, known: boolean): 'take' | { readonly because: string } | undefined {
    if (letter.offset < this.#position || isDone(this.#before, letter)) return undefined;
    const isWanted = wants(this.#selection.filter, letter);
    if (isWanted && !known) this.#refuse(letter);
    if (selects(this.#selection, letter)) return 'take';
    this.#firstOpen ??= letter.offset;
    return isWanted ? { because: hindrance(letter, this.#selection)! } : undefined;
  }

  take({ offset }: Letter): TakenLetter {
    const taken = { offset, settled: false };
    this.#taken.push(taken);
    this.passed(offset + 1n);
    return taken;
  }

  settle(taken: TakenLetter): void {
    taken.settled = true;
    while (this.#taken[0]?.settled) {
      this.#taken.shift();
      this.#settled++;
    }
  }

  /** Everything before this offset was looked at. */
  passed(offset: bigint): void {
    if (offset > this.#position) this.#position = offset;
  }

  /** What is done by now. */
  get done(): Done {
    const end = this.#taken[0]?.offset ?? this.#position;
    const before = this.#firstOpen !== undefined && this.#firstOpen < end ? this.#firstOpen : end;
    const worked: Worked = { ...this.#selection, end };
    const { drops } = this.#selection;
    const { replayed, dropped } = this.#before;
    return {
      ...withWorked(this.#before, worked, before),
      replayed: replayed + (drops ? 0 : this.#settled),
      dropped: dropped + (drops ? this.#settled : 0),
    };
  }

  /** What Kafka does not have yet; undefined if it has all. Throws as `encodeDone`. */
  uncommitted(topicId: string | undefined): LetterCommit | undefined {
    const { done } = this;
    const metadata = encodeDone(done, topicId);
    const text = `${done.before} ${metadata}`;
    return text === this.#committed ? undefined : { offset: done.before, metadata, text, letters: this.#settled };
  }

  /** Kafka has it. */
  committed({ text, letters }: LetterCommit): void {
    this.#committed = text;
    this.remembered = letters;
  }

  #refuse({ reason }: Letter): void {
    const { not } = this.#selection;
    const target = reason && targetOf(reason);
    if (target !== undefined && !not.includes(target)) this.#selection = { ...this.#selection, not: [...not, target] };
  }
}
