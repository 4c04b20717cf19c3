/**
 * What aggregates keep of the messages they saw: enough to give the result, and to be put together with what another one saw later, since a
 * hopping window is the sum of its hops. Values that are missing (undefined or null) never come here, as SQL has it.
 *
 * Nothing here fails while it counts: what does not fit (a sum beyond a float) shows in the result, so that a message is counted by all
 * aggregates of a rule or by none.
 */
import { add, compareNumbers, divide, float, toDouble } from '../numbers.ts';
import { isInteger, type Numeric, numericValue, type Value } from '../value.ts';

export interface Accumulator {
  add(value: Value): void;
  /** Takes in what another one of the same kind saw after this one. */
  merge(later: Accumulator): void;
  /** Throws Refusal for a number that cannot be written. */
  result(): Value;
  /** How many entries of the rule's state it would hold more with this value; 0 where there is no such method. */
  growth?(value: Value): number;
  /** Entries of the rule's state that it holds; 0 where there is none. */
  readonly entries?: number;
}

export class Count implements Accumulator {
  #count = 0;

  add(): void {
    this.#count++;
  }

  merge(later: Count): void {
    this.#count += later.#count;
  }

  result(): Value {
    return this.#count;
  }
}

/** Counts different values, which come as their keys (see value-key.ts). */
export class DistinctCount implements Accumulator {
  readonly #seen = new Set<Value>();

  get entries(): number {
    return this.#seen.size;
  }

  growth(key: Value): number {
    return this.#seen.has(key) ? 0 : 1;
  }

  add(key: Value): void {
    this.#seen.add(key);
  }

  merge(later: DistinctCount): void {
    for (const key of later.#seen) this.#seen.add(key);
  }

  result(): Value {
    return this.#seen.size;
  }
}

/** Whole numbers are added exactly; floats apart from them, with the error of each addition carried along (Neumaier). */
export class Sum implements Accumulator {
  #whole: number | bigint = 0;
  #float = 0;
  #error = 0;
  #hasFloats = false;
  #empty = true;

  add(value: Value): void {
    this.#empty = false;
    if (isInteger(value)) this.#whole = add(this.#whole, value) as number | bigint;
    else this.#addFloat(Number(numericValue(value as Numeric)));
  }

  merge(later: Sum): void {
    this.#whole = add(this.#whole, later.#whole) as number | bigint;
    if (later.#hasFloats) this.#addFloat(later.#float + later.#error);
    this.#empty &&= later.#empty;
  }

  result(): Value {
    if (this.#empty) return undefined;
    return this.#hasFloats ? float(toDouble(this.#whole) + this.#float + this.#error) : this.#whole;
  }

  #addFloat(value: number): void {
    const sum = this.#float + value;
    this.#error += Math.abs(this.#float) >= Math.abs(value) ? this.#float - sum + value : value - sum + this.#float;
    this.#float = sum;
    this.#hasFloats = true;
  }
}

export class Average implements Accumulator {
  readonly #sum = new Sum();
  #count = 0;

  add(value: Value): void {
    this.#sum.add(value);
    this.#count++;
  }

  merge(later: Average): void {
    this.#sum.merge(later.#sum);
    this.#count += later.#count;
  }

  result(): Value {
    return this.#count === 0 ? undefined : divide(this.#sum.result(), this.#count);
  }
}

/** The smallest or the largest number; of 1 and 1.0 the first. */
export class Extreme implements Accumulator {
  readonly #sign: 1 | -1;
  #value: Numeric | undefined;

  /** @param sign 1 for the largest, -1 for the smallest */
  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  add(value: Value): void {
    const number = value as Numeric;
    if (this.#value === undefined || compareNumbers(number, this.#value) * this.#sign > 0) this.#value = number;
  }

  merge(later: Extreme): void {
    if (later.#value !== undefined) this.add(later.#value);
  }

  result(): Value {
    return this.#value;
  }
}

export class First implements Accumulator {
  #value: Value;

  add(value: Value): void {
    if (this.#value === undefined) this.#value = value;
  }

  merge(later: First): void {
    this.add(later.#value);
  }

  result(): Value {
    return this.#value;
  }
}

export class Last implements Accumulator {
  #value: Value;

  add(value: Value): void {
    this.#value = value;
  }

  merge(later: Last): void {
    if (later.#value !== undefined) this.#value = later.#value;
  }

  result(): Value {
    return this.#value;
  }
}

/** The standard deviation of a sample, by Welford's method, which does not lose small differences of large numbers. */
export class Deviation implements Accumulator {
  #count = 0;
  #mean = 0;
  /** Sum of squared differences from the mean. */
  #squares = 0;

  add(value: Value): void {
    const number = value as number;
    this.#count++;
    const difference = number - this.#mean;
    this.#mean += difference / this.#count;
    this.#squares += difference * (number - this.#mean);
  }

  merge(later: Deviation): void {
    const count = this.#count + later.#count;
    if (count === 0) return;
    const difference = later.#mean - this.#mean;
    this.#mean += (difference * later.#count) / count;
    this.#squares += later.#squares + (difference ** 2 * this.#count * later.#count) / count;
    this.#count = count;
  }

  result(): Value {
    return this.#count < 2 ? undefined : float(Math.sqrt(this.#squares / (this.#count - 1)));
  }
}
