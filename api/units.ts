/**
 * Quantities: text with a unit, because `5` says neither seconds nor milliseconds.
 *
 * A duration is one or more whole or decimal numbers, each with its unit, the larger units first: `5ms`, `1.5s`, `1h30m`, `1d`.
 * A size is one number with a unit of thousands (`KB`, `MB`, `GB`, `TB`), of 1,024s (`KiB` ... `TiB`, or Kubernetes' `Ki` ... `Ti`),
 * `B`, or none for bytes. Units are written exactly so, and there is no space: `512KiB`.
 *
 * Numbers are multiplied as decimals, not as floats, so that `1.001s` is 1,001 ms.
 */
import { amountPattern, readDuration, times } from './durations.ts';
import { MkbError } from './errors.ts';

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

/** The grammar of a size as a JSON Schema pattern. */
export const bytesPattern = `^${amountPattern}(B|[KMGT]B|[KMGT]iB?)?$`;

const bytesText = new RegExp(bytesPattern);

/**
 * A duration in milliseconds, always whole.
 * Throws `quantity-invalid` for text outside the grammar, for less than a millisecond's precision (`0.5ms`), and beyond 2^53 ms.
 */
export const durationMs = (text: string): number => {
  const duration = readDuration(text);
  if (typeof duration !== 'number') throw invalid(text, duration.expected);
  return duration;
};

/** A size in bytes; a decimal that is not whole bytes is rounded down (`1.1KiB` is 1,126). Throws `quantity-invalid`. */
export const bytes = (text: string): number => {
  if (!bytesText.test(text)) throw invalid(text, 'a size such as 512KiB, 64MiB, 1GiB or 100MB');
  const [, amount, unit] = /^([0-9.]+)(.*)$/.exec(text)!;
  const { whole } = times(amount!, byteUnits[unit!]!);
  if (!Number.isSafeInteger(whole)) throw invalid(text, 'a smaller size');
  return whole;
};

const invalid = (found: string, expected: string) => new MkbError('quantity-invalid', { found, expected });
