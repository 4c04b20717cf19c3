/**
 * Which of the messages that were handed over are settled, in whatever order they are.
 *
 * A ring over hand-overs: `hand` gives a message its number, which `settle` takes. Ids may have gaps between two of them (what was dropped, or could not be read).
 */
const firstSize = 1024;
/** As many as the pipeline has slots. One message that waits keeps at most this many behind it out of the ledger. */
const mostHanded = 2 ** 20;
const noArrival = -1;

export class SettledIds {
  #ids = new Float64Array(firstSize);
  #times = new Float64Array(firstSize);
  /** What the session waits to acknowledge; -1 for nothing. */
  #arrivals = new Float64Array(firstSize);
  #settled = new Uint8Array(firstSize);
  #mask = firstSize - 1;
  #head = 0;
  #next = 0;

  /** Whether nothing more can be handed over before the oldest is settled. */
  get full(): boolean {
    return this.#next - this.#head === mostHanded;
  }

  /** Id of the oldest that is not settled; undefined if all are. */
  get oldestId(): number | undefined {
    return this.#head === this.#next ? undefined : this.#ids[this.#head & this.#mask];
  }

  /** When it was read, milliseconds since 1970. */
  get oldestAt(): number | undefined {
    return this.#head === this.#next ? undefined : this.#times[this.#head & this.#mask];
  }

  /** A message is handed over. Returns its number. */
  hand(id: number, time: number, arrival = noArrival): number {
    if (this.#next - this.#head > this.#mask) this.#grow();
    const slot = this.#next & this.#mask;
    this.#ids[slot] = id;
    this.#times[slot] = time;
    this.#arrivals[slot] = arrival;
    this.#settled[slot] = 0;
    return this.#next++;
  }

  /** Returns what the session may acknowledge; -1 for nothing. */
  settle(number: number): number {
    const slot = number & this.#mask;
    this.#settled[slot] = 1;
    const arrival = this.#arrivals[slot]!;
    while (this.#head < this.#next && this.#settled[this.#head & this.#mask] === 1) this.#head++;
    return arrival;
  }

  /** The session has acknowledged ids from `from` to before `to`: it may use their arrivals for others by the time they are settled. */
  acknowledged(from: number, to: number): void {
    // What is written came last, mostly.
    for (let number = this.#next - 1; number >= this.#head; number--) {
      const slot = number & this.#mask;
      if (this.#ids[slot]! < from) return;
      if (this.#ids[slot]! < to) this.#arrivals[slot] = noArrival;
    }
  }

  /** Whether one that is not settled has an id from `from` to before `to`. */
  anyBetween(from: number, to: number): boolean {
    for (let number = this.#head; number < this.#next; number++) {
      const slot = number & this.#mask;
      if (this.#settled[slot] === 0 && this.#ids[slot]! >= from && this.#ids[slot]! < to) return true;
    }
    return false;
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2;
    const [ids, times, arrivals] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
    const settled = new Uint8Array(size);
    for (let number = this.#head; number < this.#next; number++) {
      const [from, to] = [number & this.#mask, number & (size - 1)];
      ids[to] = this.#ids[from]!;
      times[to] = this.#times[from]!;
      arrivals[to] = this.#arrivals[from]!;
      settled[to] = this.#settled[from]!;
    }
    this.#ids = ids;
    this.#times = times;
    this.#arrivals = arrivals;
    this.#settled = settled;
    this.#mask = size - 1;
  }
}
