/**
 * Numbers that look random and are the same for the same seed, on every machine: sfc32, seeded through a string hash.
 *
 * Each use has a stream of its own, named in words (`vehicle 3 trips`). So drawing one number more for a fault does not change
 * where a vehicle drives.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string, stream: string) {
    const next = hash(`${seed}/${stream}`);
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** 32 random bits as a whole number from 0 to 2^32 - 1. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  unit(): number {
    return this.bits() / 2 ** 32;
  }

  /** From `low` (inclusive) to `high` (exclusive). */
  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** As `between`, with every doubling as likely as every other: many short ones, few long ones. Both ends are above 0. */
  spread(low: number, high: number): number {
    return low * (high / low) ** this.unit();
  }

  /** A whole number from `low` to `high`, both inclusive. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]!;
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }
}

/** Eight hexadecimal digits that stand for a seed. */
export const seedDigits = (seed: number | string): string =>
  new Random(seed, 'digits').bits().toString(16).padStart(8, '0');

/** FNV-1a over the text, then splitmix32: neighbouring seeds give numbers that have nothing in common. */
const hash = (text: string): (() => number) => {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
};
