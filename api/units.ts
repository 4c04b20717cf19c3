/**
 * Quantities: text with a unit, because `5` says neither seconds nor milliseconds.
 *
 * A duration is one or more whole or decimal numbers, each with its unit, the larger units first: `5ms`, `1.5s`, `1h30m`, `1d`.
 * A size is one number with a unit of thousands (`KB`, `MB`, `GB`, `TB`), of 1,024s (`KiB` ... `TiB`, or Kubernetes' `Ki` ... `Ti`),
 * `B`, or none for bytes. Units are written exactly so, and there is no space: `512KiB`.
 *
 * Numbers are multiplied as decimals, not as floats, so that `1.001s` is 1,001 ms.
 */
import { MkbError } from './errors.ts';

const durationUnits = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const kibi = 1024;
const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: kibi,
  MiB: kibi ** 2,
  GiB: kibi ** 3,
  TiB: kibi ** 4,
  Ki: kibi,
  Mi: kibi ** 2,
  Gi: kibi ** 3,
  Ti: kibi ** 4,
};

const number = '[0-9]{1,15}([.][0-9]{1,9})?';

/** The grammar of a duration as a JSON Schema pattern, but for empty text, which is none: Kubernetes' patterns cannot look ahead. */
export const durationPattern = `^(${number}d)?(${number}h)?(${number}m)?(${number}s)?(${number}ms)?$`;
/** The grammar of a size as a JSON Schema pattern. */
export const bytesPattern = `^${number}(B|[KMGT]B|[KMGT]iB?)?$`;

const durationText = new RegExp(durationPattern);
const bytesText = new RegExp(bytesPattern);

/**
 * A duration in milliseconds, always whole.
 * Throws `quantity-invalid` for text outside the grammar, for less than a millisecond's precision (`0.5ms`), and beyond 2^53 ms.
 */
export const durationMs = (text: string): number => {
  if (text === '' || !durationText.test(text)) throw invalid(text, 'a duration such as 5ms, 1.5s, 1h30m or 24h');
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|[dhms])/g)) {
    const { whole, exact } = times(amount!, durationUnits[unit as keyof typeof durationUnits]);
    if (!exact) throw invalid(text, 'a duration in whole milliseconds');
    total += whole;
  }
  if (!Number.isSafeInteger(total)) throw invalid(text, 'a shorter duration');
  return total;
};

/** A size in bytes; a decimal that is not whole bytes is rounded down (`1.1KiB` is 1,126). Throws `quantity-invalid`. */
export const bytes = (text: string): number => {
  if (!bytesText.test(text)) throw invalid(text, 'a size such as 512KiB, 64MiB, 1GiB or 100MB');
  const [, amount, unit] = /^([0-9.]+)(.*)$/.exec(text)!;
  const { whole } = times(amount!, byteUnits[unit!]!);
  if (!Number.isSafeInteger(whole)) throw invalid(text, 'a smaller size');
  return whole;
};

const times = (decimal: string, factor: number): { whole: number; exact: boolean } => {
  const [digits, fraction = ''] = decimal.split('.');
  const scale = 10n ** BigInt(fraction.length);
  const product = BigInt(digits! + fraction) * BigInt(factor);
  return { whole: Number(product / scale), exact: product % scale === 0n };
};

const invalid = (found: string, expected: string) => new MkbError('quantity-invalid', { found, expected });
