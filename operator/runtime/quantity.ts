/**
 * Quantities, of which the API server has its own spelling: it answers `1000m` with `1`, and `0.5Gi` with `512Mi`. They are compared exactly:
 * floating point numbers take a volume for the same as one that is a few bytes larger.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** Powers of ten, and of two, by the suffix. */
const tens: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const twos: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** No quantity of anything has more digits, with the exponent written out. */
const mostDigits = 100;

/** Whether both are quantities, and of the same value. */
export function sameQuantity(a: unknown, b: unknown): boolean {
  const [one, other] = [amount(a), amount(b)];
  return one !== undefined && one === other;
}

/** Whether both are quantities, and `a` is more. */
export function isMore(a: unknown, b: unknown): boolean {
  const [one, other] = [amount(a), amount(b)];
  return one !== undefined && other !== undefined && one > other;
}

/** In 10 ** -mostDigits, so that it is whole. */
function amount(quantity: unknown): bigint | undefined {
  const [all, sign, whole = '', fraction = '', exponent = '0', suffix = ''] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(`${quantity}`) ?? [];
  const digits = whole + fraction;
  const zeros = mostDigits + Number(exponent) - fraction.length + (tens[suffix] ?? 0);
  if (all === undefined || digits === '' || digits.length > mostDigits || zeros < 0 || zeros > 2 * mostDigits)
    return undefined;
  const value = (BigInt(digits) * 10n ** BigInt(zeros)) << BigInt(twos[suffix] ?? 0);
  return sign === '-' ? -value : value;
}
