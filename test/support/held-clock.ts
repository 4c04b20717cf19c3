/** A clock that stands until a test lets time pass. */
import type { Clock } from '../../bridge/clock.ts';

interface Alarm {
  readonly time: number;
  readonly ring: () => void;
}

export class HeldClock implements Clock {
  #now: number;
  readonly #alarms = new Set<Alarm>();
  /** Told after each alarm that rang. */
  eachRing = (): void => {};

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(time: number, ring: () => void): () => void {
    const alarm = { time, ring };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** How many alarms are set. */
  get alarms(): number {
    return this.#alarms.size;
  }

  /** Lets time pass; whatever is due meanwhile rings in its turn. */
  pass(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#alarms].sort((a, b) => a.time - b.time)[0];
      if (next === undefined || next.time > until) break;
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.time);
      next.ring();
      this.eachRing();
    }
    this.#now = until;
  }

  /** Sets the time. Whoever has an alarm is rung, as a timer does that looks at the clock now and then. */
  set(now: number): void {
    this.#now = now;
    const alarms = [...this.#alarms];
    this.#alarms.clear();
    for (const { ring } of alarms) {
      ring();
      this.eachRing();
    }
  }
}
