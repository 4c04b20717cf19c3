/** Logs what keeps records waiting: when it begins, now and then while it lasts, and when it is over. */
import type { MkbError } from '../../api/errors.ts';
import type { Logger } from './log.ts';

/** Something that records wait for. */
export interface Standstill {
  /** The same for the same obstacle, however long it lasts. */
  readonly key: string;
  readonly error: MkbError;
  /** What to say when it is over. */
  readonly over: string;
}

/** How many are told of one by one: a broker that is down may hold up the topics of a thousand devices. */
export const toldApart = 10;

/** Between two lines about the same standstill, milliseconds. */
const againMs = 60_000;

export class StandstillLog {
  readonly #log: Logger;
  readonly #bridge: string;
  readonly #told = new Map<string, { readonly over: string; at: number }>();

  constructor(log: Logger, bridge: string) {
    this.#log = log;
    this.#bridge = bridge;
  }

  /**
   * @param standstills all that there are now
   * @param heldBack acknowledgements that wait for those of messages before them
   * @param now milliseconds, of any clock
   */
  look(standstills: readonly Standstill[], heldBack: number, now: number): void {
    const present = new Set(standstills.map(({ key }) => key));
    for (const [key, { over }] of this.#told) {
      if (present.has(key)) continue;
      this.#told.delete(key);
      this.#log.info({ bridge: this.#bridge }, over);
    }
    for (const { key, error, over } of standstills) {
      const told = this.#told.get(key);
      if (told ? now - told.at < againMs : this.#told.size >= toldApart) continue;
      this.#told.set(key, { over, at: now });
      const { code, remedy, message } = error;
      this.#log.warn({ code, remedy, bridge: this.#bridge, ...(heldBack > 0 && { heldBack }) }, message);
    }
  }
}
