/**
 * Whose turn it is, and when.
 *
 * All vehicles have the same interval, and their turns are spread over it evenly. So turn number t is vehicle t mod n's and is due at
 * start + t * interval / n: no timers, no queue, and no drift, because no time is derived from an earlier lateness. Who falls behind
 * leaves whole rounds out: what is then sent is new, not a backlog of readings in one heap. A quarter of a second of
 * lateness is caught up, as the ordinary hiccup of a busy process.
 */
const toleranceMs = 250;

export class Rotation {
  readonly #vehicles: number;
  readonly #intervalMs: number;
  readonly #startMs: number;
  #turn = 0;

  constructor(vehicles: number, intervalMs: number, startMs: number) {
    this.#vehicles = vehicles;
    this.#intervalMs = intervalMs;
    this.#startMs = startMs;
  }

  /** When the next turn is due. */
  get nextMs(): number {
    return this.#startMs + (this.#turn * this.#intervalMs) / this.#vehicles;
  }

  /** The vehicle (from 0) whose turn is next. */
  get next(): number {
    return this.#turn % this.#vehicles;
  }

  /** How long after the start the next turn is due, whole ms. */
  get sinceStartMs(): number {
    return Math.round((this.#turn * this.#intervalMs) / this.#vehicles);
  }

  /** The next turn was taken. */
  advance(): void {
    this.#turn++;
  }

  /** Leaves out the rounds that were missed completely, if that is more than a hiccup. Returns how many turns that is. */
  catchUp(nowMs: number): number {
    const lateMs = nowMs - this.nextMs;
    if (lateMs < Math.max(this.#intervalMs, toleranceMs)) return 0;
    const rounds = Math.floor(lateMs / this.#intervalMs);
    this.#turn += rounds * this.#vehicles;
    return rounds * this.#vehicles;
  }
}
