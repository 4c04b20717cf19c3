/**
 * Arithmetic of EMQX's rules: integers of any size, floats that stay floats (4 / 2 is 2.0), and no silent NaN or infinity.
 *
 * Plain numbers take the short way; a result beyond 2^53 is worked out again with bigints.
 */
import { Refusal, refuse } from './refusal.ts';
import { textOf } from './text.ts';
import { Float, isInteger, isNumeric, isText, type Numeric, numericValue, type Value } from './value.ts';

/** A float result. Throws Refusal when it is no number or not finite. */
export const float = (value: number): number | Float => {
  if (!Number.isFinite(value)) throw new Refusal('the result is not a finite number');
  return Number.isInteger(value) ? new Float(value) : value;
};

/** An integer result in its shortest representation. `value` must be whole. */
export const integer = (value: number | bigint): number | bigint => {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : BigInt(value);
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
};

/** A number as IEEE 754 double. Throws Refusal for a bigint beyond its range. */
export const toDouble = (value: Numeric): number => {
  if (typeof value === 'number') return value;
  const double = value instanceof Float ? value.value : Number(value);
  if (!Number.isFinite(double)) throw new Refusal('the number is too large for a float');
  return double;
};

const number = (value: Value, operator: string): Numeric =>
  isNumeric(value) ? value : refuse(`${operator} takes numbers`, value);

const whole = (value: Value, operator: string): number | bigint =>
  isInteger(value) ? value : refuse(`${operator} takes whole numbers`, value);

/** Adds two numbers; when either side is text, joins both as text (`1 + 'a'` is '1a'). */
export const add = (left: Value, right: Value): Value => {
  if (isText(left) || isText(right)) return textOf(left) + textOf(right);
  const a = number(left, '+');
  const b = number(right, '+');
  if (!isInteger(a) || !isInteger(b)) return float(toDouble(a) + toDouble(b));
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return integer(BigInt(a) + BigInt(b));
};

export const subtract = (left: Value, right: Value): Value => {
  const a = number(left, '-');
  const b = number(right, '-');
  if (!isInteger(a) || !isInteger(b)) return float(toDouble(a) - toDouble(b));
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return integer(BigInt(a) - BigInt(b));
};

export const multiply = (left: Value, right: Value): Value => {
  const a = number(left, '*');
  const b = number(right, '*');
  if (!isInteger(a) || !isInteger(b)) return float(toDouble(a) * toDouble(b));
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return integer(BigInt(a) * BigInt(b));
};

/** Always a float: 4 / 2 is 2.0. */
export const divide = (left: Value, right: Value): Value => {
  const divisor = toDouble(number(right, '/'));
  const dividend = toDouble(number(left, '/'));
  if (divisor === 0) throw new Refusal('division by zero');
  return float(dividend / divisor);
};

/** Whole division, cut toward zero. */
export const quotient = (left: Value, right: Value): Value => {
  const [a, b] = wholePair(left, right, 'div');
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0;
  return integer(BigInt(a) / BigInt(b));
};

/** Remainder with the dividend's sign. */
export const remainder = (left: Value, right: Value): Value => {
  const [a, b] = wholePair(left, right, 'mod');
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return integer(BigInt(a) % BigInt(b));
};

const wholePair = (left: Value, right: Value, operator: string): [number | bigint, number | bigint] => {
  const pair: [number | bigint, number | bigint] = [whole(left, operator), whole(right, operator)];
  if (Number(pair[1]) === 0) throw new Refusal('division by zero');
  return pair;
};

export const negate = (value: Value): Value => {
  const operand = number(value, '-');
  if (operand instanceof Float) return new Float(-operand.value);
  return typeof operand === 'bigint' ? integer(-operand) : 0 - operand;
};

export const same = (value: Value): Value => number(value, '+');

/** Orders two numbers of any representation exactly: below 0, 0, or above 0. */
export const compareNumbers = (left: Numeric, right: Numeric): number => {
  const a = numericValue(left);
  const b = numericValue(right);
  if (a < b) return -1;
  return a > b ? 1 : 0;
};

const integerText = /^[+-]?\d+$/;
const floatText = /^[+-]?\d+\.\d+(?:[eE][+-]?\d+)?$/;

/**
 * Reads a number as Erlang does: an integer, or a float with digits on both sides of the point ('1e3' has no point, so it is no
 * number). Returns undefined for other text.
 */
export const parseNumber = (text: string): Numeric | undefined => {
  if (integerText.test(text)) return parseInteger(text);
  if (!floatText.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? float(value) : undefined;
};

/** An integer of any size from its decimal digits. */
export const parseInteger = (digits: string): number | bigint => {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value + 0 : BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
};
