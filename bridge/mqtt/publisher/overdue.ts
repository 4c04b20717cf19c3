/**
 * Messages that wait and whose time is over, looked for once a second while there may be such: those that are of no use any more (their
 * expiry), and those that are given up because they were retried for long enough (`retry.maxAge`).
 *
 * A server that is only slow is no failure: a message is given up while the server refuses it, or another of its lane, or is unreachable. A
 * connection that comes back at once is no outage.
 */
import { MkbError } from '../../../api/errors.ts';
import { limitOver } from '../../../network/retry.ts';
import type { Letter, Outbox } from './outbox.ts';
import type { PublisherHandler } from './publisher-options.ts';
import { RepeatedLook } from './repeated-look.ts';

/** How long a connection may be away before messages are given up for it, milliseconds. */
const awayMs = 2000;
/** Messages given up at a time. Others want their turn. */
const mostAtOnce = 5000;

export interface OverdueListener<Token> {
  expired(letter: Letter<Token>): void;
  /** It was retried for long enough. */
  exhausted(letter: Letter<Token>, error: MkbError): void;
  /** All of one look have been reported, of which there was one at least. */
  settled(): void;
}

export interface OverdueState<Token> {
  readonly outbox: Outbox<Token>;
  readonly handler: Pick<PublisherHandler<Token>, 'retryOf' | 'receivedAt'>;
  /** Milliseconds since 1970, and of a clock that nobody sets. */
  readonly now: () => number;
  readonly elapsed: () => number;
  readonly connected: () => boolean;
  /** Whether a letter waits because the server refused it, or one before it in its lane. */
  readonly held: (letter: Letter<Token>) => boolean;
}

/** @param limit which is over, as `limitOver` says it */
export function exhausted({ publication, reason }: Letter<unknown>, limit: string, away = false): MkbError {
  const why = away ? 'the server is unreachable' : reason || 'one before it is refused';
  return new MkbError('mqtt-retries-exhausted', { topic: publication.topic, limit, reason: why });
}

export class Overdue<Token> {
  readonly #state: OverdueState<Token>;
  readonly #listener: OverdueListener<Token>;
  readonly #look = new RepeatedLook(() => this.#find());
  #connectedAt: number;

  constructor(state: OverdueState<Token>, listener: OverdueListener<Token>) {
    this.#state = state;
    this.#listener = listener;
    this.#connectedAt = state.elapsed();
  }

  /** A message was published that may become overdue, if it has an expiry or a limit. */
  watch(letter: Letter<Token>): void {
    if (letter.countdown !== undefined || Number.isFinite(this.#maxAgeMs(letter))) this.#look.begin();
  }

  stop(): void {
    this.#look.stop();
  }

  /** Returns whether to look again: what is under way may come back to wait. */
  #find(): boolean {
    const { outbox, now, elapsed, connected } = this.#state;
    const at = elapsed();
    if (connected()) this.#connectedAt = at;
    const away = at - this.#connectedAt >= awayMs;
    let found = 0;
    for (const letter of [...outbox.waiting]) {
      if (found === mostAtOnce) break;
      const limit = away || this.#state.held(letter) ? this.#limitOver(letter, at) : undefined;
      if (letter.countdown?.secondsLeft(now(), at) === 0) this.#listener.expired(letter);
      else if (limit !== undefined) this.#listener.exhausted(letter, exhausted(letter, limit, away));
      else continue;
      found++;
    }
    if (found > 0) this.#listener.settled();
    return outbox.size > 0;
  }

  #limitOver(letter: Letter<Token>, at: number): string | undefined {
    const retry = this.#state.handler.retryOf?.(letter.token);
    return retry && limitOver(retry, at - (this.#state.handler.receivedAt?.(letter.token) ?? letter.since), 0);
  }

  #maxAgeMs({ token }: Letter<Token>): number {
    return this.#state.handler.retryOf?.(token)?.maxAgeMs ?? Number.POSITIVE_INFINITY;
  }
}
