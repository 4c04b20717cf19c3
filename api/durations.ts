/** The grammar of a duration (units.ts), without the table of errors: a command line checks its options with it before anything else is loaded. */

/** Of an amount. */
export const amountPattern = '[0-9]{1,15}([.][0-9]{1,9})?';

/** The grammar as a JSON Schema pattern, but for empty text, which is none: Kubernetes' patterns cannot look ahead. */
export const durationPattern = `^(${amountPattern}d)?(${amountPattern}h)?(${amountPattern}m)?(${amountPattern}s)?(${amountPattern}ms)?$`;

const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const grammar = new RegExp(durationPattern);

/** A duration in milliseconds, always whole; or what is expected in its place. */
export const readDuration = (text: string): number | { readonly expected: string } => {
  if (text === '' || !grammar.test(text)) return { expected: 'a duration such as 5ms, 1.5s, 1h30m or 24h' };
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|[dhms])/g)) {
    const { whole, exact } = times(amount!, units[unit as keyof typeof units]);
    if (!exact) return { expected: 'a duration in whole milliseconds' };
    total += whole;
  }
  return Number.isSafeInteger(total) ? total : { expected: 'a shorter duration' };
};

/** A decimal of text, multiplied as a decimal and not as a float. */
export const times = (decimal: string, factor: number): { readonly whole: number; readonly exact: boolean } => {
  const [digits, fraction = ''] = decimal.split('.');
  const scale = 10n ** BigInt(fraction.length);
  const product = BigInt(digits! + fraction) * BigInt(factor);
  return { whole: Number(product / scale), exact: product % scale === 0n };
};
