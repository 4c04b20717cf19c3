/**
 * Messages that want an answer (MQTT 5, 4.10), from when they are published until it is there, or too late.
 *
 * A message is known by its correlation data, which is ours alone: an answer to what an earlier process sent fits nothing here. The time begins
 * with the server's acknowledgement; an answer may be faster than that, and then waits for it.
 */
import { randomBytes } from 'node:crypto';
import type { Answer } from '../flow/fate.ts';

interface Waiting<Sent> {
  readonly sent: Sent;
  readonly withinMs: number;
  answer: Answer | undefined;
  taken: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** It is called once for each message, and is to `forget` it. */
export interface AnswersHandler<Sent> {
  /** The server has the message, and an answer came. */
  answered(sent: Sent, answer: Answer): void;
  /** No answer came in time. Nothing else is called in the same turn. */
  late(sent: Sent): void;
}

const markBytes = 8;

export class Answers<Sent> {
  readonly #handler: AnswersHandler<Sent>;
  /** Of this process. */
  readonly #mark = randomBytes(markBytes);
  readonly #waiting = new Map<number, Waiting<Sent>>();
  readonly #numbers = new Map<Sent, number>();
  #count = 0;
  /** Answers that came too late, twice, or to nothing that was asked. */
  unexpected = 0;

  constructor(handler: AnswersHandler<Sent>) {
    this.#handler = handler;
  }

  /** Messages that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * A message that is about to be published.
   *
   * @param withinMs from the acknowledgement on
   * @returns its correlation data
   */
  expect(sent: Sent, withinMs: number): Buffer {
    const number = this.#count++;
    this.#waiting.set(number, { sent, withinMs, answer: undefined, taken: false, timer: undefined });
    this.#numbers.set(sent, number);
    const correlation = Buffer.alloc(markBytes + 6);
    this.#mark.copy(correlation);
    correlation.writeUIntBE(number, markBytes, 6);
    return correlation;
  }

  /** The server has it. Returns whether it is one of those; then the handler is called, now or later. */
  taken(sent: Sent): boolean {
    const waiting = this.#waiting.get(this.#numbers.get(sent) ?? -1);
    if (waiting === undefined) return false;
    waiting.taken = true;
    if (waiting.answer !== undefined) this.#handler.answered(sent, waiting.answer);
    else waiting.timer = setTimeout(() => this.#handler.late(sent), waiting.withinMs);
    return true;
  }

  /** An answer came. Of several the first counts. */
  answer(correlation: Buffer | undefined, answer: () => Answer): void {
    const waiting = this.#find(correlation);
    if (waiting === undefined || waiting.answer !== undefined) {
      this.unexpected++;
      return;
    }
    waiting.answer = answer();
    if (waiting.taken) this.#handler.answered(waiting.sent, waiting.answer);
  }

  /** No answer is wanted to it any more. */
  forget(sent: Sent): void {
    const number = this.#numbers.get(sent);
    if (number === undefined) return;
    clearTimeout(this.#waiting.get(number)?.timer);
    this.#waiting.delete(number);
    this.#numbers.delete(sent);
  }

  /** Those that the server has, and that `which` names. */
  find(which: (sent: Sent) => boolean): readonly Sent[] {
    const found = [...this.#waiting.values()].filter(({ taken, sent }) => taken && which(sent));
    return found.map(({ sent }) => sent);
  }

  close(): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#numbers.clear();
  }

  #find(correlation: Buffer | undefined): Waiting<Sent> | undefined {
    if (correlation?.length !== markBytes + 6 || !correlation.subarray(0, markBytes).equals(this.#mark))
      return undefined;
    return this.#waiting.get(correlation.readUIntBE(markBytes, 6));
  }
}
