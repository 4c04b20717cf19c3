/** Floats with a given number of digits, as the ~f, ~e and ~g of Erlang's io:format write them. */
import { Refusal } from '../refusal.ts';

/** Digits of the number, of which the first stands before the point times 10 to the power of `exponent`. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Erlang starts from 21 digits, more than a double tells apart, and counts the rest as zeros. */
const decimalOf = (value: number): Decimal => {
  const [digits = '', exponent = '0'] = Math.abs(value).toExponential(20).split('e');
  return { negative: value < 0, digits: digits.replace('.', ''), exponent: Number(exponent) };
};

/** The digits as an integer, rounded (half goes up) after the first `count`; zeros are added where there are fewer. */
const roundedDigits = (digits: string, count: number): bigint => {
  if (count < 0) return 0n;
  if (count >= digits.length) return BigInt(digits.padEnd(count, '0'));
  const kept = BigInt(digits.slice(0, count) || '0');
  return digits.charCodeAt(count) >= 0x35 ? kept + 1n : kept;
};

/** `precision` digits after the point: 1.50 */
export const pointText = (value: number, precision: number): string => {
  if (precision < 1) throw new Refusal('~f has at least 1 digit after the point');
  const { negative, digits, exponent } = decimalOf(value);
  const all = String(roundedDigits(digits, exponent + 1 + precision)).padStart(precision + 1, '0');
  const point = all.length - precision;
  return `${negative ? '-' : ''}${all.slice(0, point)}.${all.slice(point)}`;
};

/** `precision` digits in all: 1.50e+0 */
export const scientificText = (value: number, precision: number): string => {
  if (precision < 2) throw new Refusal('~e has at least 2 digits');
  const { negative, digits, exponent } = decimalOf(value);
  const all = String(roundedDigits(digits, precision)).padEnd(precision, '0');
  const power = exponent + all.length - precision;
  const shown = `${all[0]}.${all.slice(1, precision)}`;
  return `${negative ? '-' : ''}${shown}e${power < 0 ? '-' : '+'}${Math.abs(power)}`;
};

/** As `pointText` where that has room for all digits, as `scientificText` otherwise; `precision` digits in all. */
export const generalText = (value: number, precision: number): string => {
  if (precision < 1) throw new Refusal('~g has at least 1 digit');
  const exponent = orderOf(Math.abs(value));
  const fits = exponent !== undefined && (precision > 1 ? precision - 1 > exponent : exponent === -1);
  if (fits) return pointText(value, precision - 1 - exponent);
  return scientificText(value, Math.max(2, precision));
};

/** The power of ten of sizes from 0.1 to 9999; undefined for others. */
const orderOf = (size: number): number | undefined => {
  if (size < 0.1 || size >= 10_000) return undefined;
  if (size < 1) return -1;
  if (size < 10) return 0;
  if (size < 100) return 1;
  return size < 1000 ? 2 : 3;
};
