/**
 * A world with a time of its own: nothing happens in it but what was planned, in the order of its time, and an hour passes in no time.
 *
 * Machines live in it. Each has a clock that may go too fast or too slow, and can be stopped in two ways: frozen (SIGSTOP, a long garbage
 * collection), when its clocks go on; and suspended (a virtual machine that is moved), when the monotonic clock stands still. What happens to
 * a machine that is stopped reaches it when it goes on.
 */
import type { Clock } from '../../../operator/runtime/clock.ts';

interface Planned {
  readonly at: number;
  readonly run: () => void;
}

export class World {
  #now = 0;
  readonly #planned: Planned[] = [];

  /** Milliseconds since it began. */
  get now(): number {
    return this.#now;
  }

  /** Plans something; of several at one time, the first planned comes first. Returns what calls it off. */
  plan(afterMs: number, run: () => void): () => void {
    const planned = { at: this.#now + Math.max(0, afterMs), run };
    const behind = this.#planned.findIndex(({ at }) => at > planned.at);
    this.#planned.splice(behind < 0 ? this.#planned.length : behind, 0, planned);
    return () => {
      const index = this.#planned.indexOf(planned);
      if (index >= 0) this.#planned.splice(index, 1);
    };
  }

  /** Lets `ms` pass, with all that happens meanwhile. @param each called after each thing that has happened */
  async pass(ms: number, each: () => void = () => undefined): Promise<void> {
    const end = this.#now + ms;
    await settled();
    while (this.#planned.length > 0 && this.#planned[0]!.at <= end) {
      const { at, run } = this.#planned.shift()!;
      this.#now = at;
      run();
      await settled();
      each();
    }
    this.#now = end;
  }

  /** Lets time pass until `state` holds. @throws Error after `limitMs` */
  async until(state: () => boolean, limitMs = 3_600_000): Promise<void> {
    const end = this.#now + limitMs;
    await settled();
    while (!state()) {
      const next = this.#planned[0]?.at ?? Number.POSITIVE_INFINITY;
      if (next > end) throw new Error(`It did not come about within ${limitMs} ms.`);
      await this.pass(next - this.#now);
    }
  }
}

/** When all promises that can be settled now have been. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

type State = 'running' | 'frozen' | 'suspended';

/** 2026-01-01, where the time of day of every machine begins. */
const firstDay = Date.UTC(2026, 0, 1);

export class Machine implements Clock {
  readonly #world: World;
  readonly #rate: number;
  #state: State = 'running';
  /** World time for which the monotonic clock stood still. */
  #stoodStill = 0;
  #stoppedAt = 0;
  #held: (() => void)[] = [];

  /** @param rate how many of its seconds pass in a second of the world */
  constructor(world: World, rate = 1) {
    this.#world = world;
    this.#rate = rate;
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  now(): number {
    const still = this.#state === 'suspended' ? this.#world.now - this.#stoppedAt : 0;
    return (this.#world.now - this.#stoodStill - still) * this.#rate;
  }

  date(): Date {
    return new Date(firstDay + this.#world.now * this.#rate);
  }

  after(ms: number, callback: () => void): () => void {
    const due = this.now() + ms;
    let cancelled = false;
    const come = () => {
      if (cancelled) return;
      const leftMs = due - this.now();
      if (leftMs <= 1e-6) callback();
      else plan(leftMs);
    };
    const plan = (leftMs: number) => this.#world.plan(leftMs / this.#rate, () => this.reach(come));
    plan(ms);
    return () => {
      cancelled = true;
    };
  }

  /** Something happens to the machine: now, or when it goes on. */
  reach(run: () => void): void {
    if (this.running) run();
    else this.#held.push(run);
  }

  stop(state: 'frozen' | 'suspended'): void {
    if (!this.running) return;
    this.#state = state;
    this.#stoppedAt = this.#world.now;
  }

  goOn(): void {
    if (this.running) return;
    if (this.#state === 'suspended') this.#stoodStill += this.#world.now - this.#stoppedAt;
    this.#state = 'running';
    for (const run of this.#held.splice(0)) run();
  }
}
