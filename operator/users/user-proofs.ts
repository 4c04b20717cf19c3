/**
 * Which new users a broker lets in. They are asked for by the clock and never by a reconcile: a broker that answers slowly, or not at all, holds up the users
 * of no other.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { inTurns } from '../observed/turns.ts';
import { keyParts } from '../runtime/object.ts';
import type { Login, LoginAnswer } from './login.ts';

export interface UserProofsOptions {
  readonly logIn: (login: Login) => Promise<LoginAnswer>;
  /** Called with the key of a bridge whose broker has answered something new. */
  readonly onChange: (key: string) => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/** By what says which user, in which state. */
export type Logins = ReadonlyMap<string, Login>;

const everyMs = 3000;
/** How many brokers are asked at once. */
const atOnce = 16;
/** How long the brokers of one namespace, and one broker, may take of a round, milliseconds. */
const roundMs = 8000;
const brokerMs = 5000;
/** After so many rounds with nothing new a broker is asked in each twentieth only: its log has a line for each refusal. */
const patience = 60;
/** After so many refusals the others of a broker wait for the next round: what is new is on its way to all of them. */
const mostRefused = 4;

export class UserProofs {
  readonly #options: UserProofsOptions;
  readonly #now: () => number;
  readonly #wanted = new Map<string, Map<string, Login>>();
  readonly #answers = new Map<string, LoginAnswer>();
  /** Rounds with nothing new, by broker. */
  readonly #quiet = new Map<string, number>();

  constructor(options: UserProofsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** These users of a broker, and no others, are to be asked for. */
  want(key: string, logins: Logins): void {
    const before = this.#wanted.get(key) ?? new Map<string, Login>();
    for (const id of before.keys()) if (!logins.has(id)) this.#answers.delete(id);
    // Those that were refused stay behind the others.
    const kept = [...before.keys()].filter(id => logins.has(id));
    const all = new Map([
      ...[...logins].filter(([id]) => !before.has(id)),
      ...kept.map(id => [id, logins.get(id)!] as const),
    ]);
    if (all.size !== kept.length || all.size === 0) this.#quiet.delete(key);
    if (all.size > 0) this.#wanted.set(key, all);
    else this.#wanted.delete(key);
  }

  /** Undefined for a user that has not been asked for. */
  of(id: string): LoginAnswer | undefined {
    return this.#answers.get(id);
  }

  /** Asks again and again until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.ask(signal);
      await pause(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asks once for those that are not let in yet. */
  async ask(signal: AbortSignal): Promise<void> {
    const brokers = Map.groupBy(this.#wanted.keys(), key => keyParts(key).namespace).values();
    const work = (key: string) => this.#askBroker(key, signal);
    await inTurns(brokers, work, { atOnce, limitMs: roundMs, now: this.#now, signal });
  }

  async #askBroker(key: string, signal: AbortSignal): Promise<void> {
    const quiet = this.#quiet.get(key) ?? 0;
    this.#quiet.set(key, quiet + 1);
    if (quiet > patience && quiet % 20 !== 0) return;
    const until = this.#now() + brokerMs;
    const asked = [...(this.#wanted.get(key) ?? [])].filter(([id]) => this.#answers.get(id) !== 'let-in');
    let refused = 0;
    let changed = false;
    for (const [id, login] of asked) {
      if (signal.aborted || refused >= mostRefused || this.#now() > until) break;
      const answer = await this.#options.logIn(login);
      const wanted = this.#wanted.get(key);
      if (wanted?.get(id) === undefined) continue;
      changed ||= this.#answers.get(id) !== answer;
      this.#answers.set(id, answer);
      if (answer === 'let-in') continue;
      const last = wanted.get(id)!;
      wanted.delete(id);
      wanted.set(id, last);
      refused++;
      // Nor will it answer for the others.
      if (answer === 'unreachable') break;
    }
    if (!changed) return;
    this.#quiet.delete(key);
    this.#options.onChange(key);
  }
}
