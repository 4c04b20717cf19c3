/**
 * Floats as the text that Erlang makes of them, which is what EMQX's users see.
 *
 * `fixed` is not JavaScript's toFixed. Up to 18 decimals Erlang multiplies the fraction by a power of ten in double precision and rounds
 * what comes out, so that 1.115 with two decimals is 1.12, although the double nearest to 1.115 lies below it. From 19 decimals on, and
 * for numbers beyond 2^53, it prints the double's exact digits.
 */

const exactFrom = 19;
const beyondFraction = 2 ** 53;

/** `decimals` digits after the point (none: no point). @param decimals 0 to 253 */
export const fixed = (value: number, decimals: number): string => {
  const size = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + (decimals >= exactFrom || size > beyondFraction ? exactDigits(size, decimals) : scaled(size, decimals));
};

/** As `fixed`, without zeros at the end but for one digit after the point: 2.0, 0.3. */
export const compact = (value: number, decimals: number): string => {
  const digits = fixed(value, decimals);
  return decimals === 0 ? digits : digits.replace(/(\.\d+?)0+$/, '$1');
};

const scaled = (size: number, decimals: number): string => {
  const scale = 10 ** decimals;
  const whole = Math.floor(size);
  const exact = (size - whole) * scale;
  const cut = Math.floor(exact);
  const fraction = exact - cut >= 0.5 ? cut + 1 : cut;
  if (fraction >= scale) return joined(whole + 1, 0, decimals);
  // Beyond 2^53 only a bigint writes every digit.
  return joined(whole, Number.isSafeInteger(fraction) ? fraction : BigInt(fraction), decimals);
};

const joined = (whole: number | bigint, fraction: number | bigint, decimals: number): string =>
  decimals === 0 ? String(whole) : `${whole}.${String(fraction).padStart(decimals, '0')}`;

const view = new DataView(new ArrayBuffer(8));
const mantissaBits = 52n;

/** The double as `mantissa / 2^shift`, worked out with integers and rounded half to even. */
const exactDigits = (size: number, decimals: number): string => {
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const exponent = bits >> mantissaBits;
  const mantissa = (bits & ((1n << mantissaBits) - 1n)) | (exponent === 0n ? 0n : 1n << mantissaBits);
  const shift = 1075n - (exponent === 0n ? 1n : exponent);
  const scale = 10n ** BigInt(decimals);
  const digits = shift <= 0n ? (mantissa << -shift) * scale : halfToEven(mantissa * scale, shift);
  return joined(digits / scale, digits % scale, decimals);
};

const halfToEven = (value: bigint, shift: bigint): bigint => {
  const quotient = value >> shift;
  const rest = value - (quotient << shift);
  const half = 1n << (shift - 1n);
  return rest > half || (rest === half && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
};

/** The fewest digits that tell the double from its neighbours, as Erlang writes a float: 2.0, 1.0e3, 1.23e-4. */
export const shortest = (value: number): string => {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '', power = '0'] = Math.abs(value).toExponential().split('e');
  const exponent = Number(power);
  const scientific = `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${exponent}`;
  const plain = plainDigits(mantissa.replace('.', ''), exponent);
  return sign + (Math.abs(value) >= beyondFraction || scientific.length < plain.length ? scientific : plain);
};

const plainDigits = (digits: string, exponent: number): string => {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${whole}.${digits.slice(exponent + 1) || '0'}`;
};
