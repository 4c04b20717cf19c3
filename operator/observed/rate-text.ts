/**
 * Figures for people, in two digits, that change only when what they count does: a status that is written each time a rate wobbles would be a
 * write per bridge and look, and wake everybody who watches it.
 *
 * A rate that was counted over t seconds varies by chance alone by the square root of rate / t. What is shown stays until the new rate is
 * off by three times that, or by a fifth, whichever is more. Counts only grow, so that rounding them is enough.
 */

const suffix = '/s';

/**
 * `950/s`, or `shown` if that still holds.
 * @param seconds over which it was counted
 */
export function rateText(perSecond: number, seconds: number, shown: string | undefined): string {
  const old = shown === undefined ? undefined : rateOf(shown);
  return old !== undefined && holds(old, perSecond, seconds) ? shown! : `${twoDigits(perSecond)}${suffix}`;
}

/** Whether a rate is still as good as the one that is shown. */
export function holds(shown: number, perSecond: number, seconds: number): boolean {
  // Something and nothing are never the same.
  if ((shown === 0) !== (perSecond === 0)) return false;
  const chance = 3 * Math.sqrt(shown / seconds);
  return Math.abs(perSecond - shown) <= Math.max(shown / 5, chance);
}

const units = [
  { name: 'G', value: 1e9 },
  { name: 'M', value: 1e6 },
  { name: 'k', value: 1e3 },
] as const;

/** `0.95`, `9.5`, `95`, `950`, `9.5k`. */
export function twoDigits(value: number): string {
  const rounded = Number(value.toPrecision(2));
  const unit = units.find(each => rounded >= each.value);
  return unit ? `${Number((rounded / unit.value).toPrecision(2))}${unit.name}` : String(rounded);
}

function rateOf(text: string): number | undefined {
  const [, digits, unit] = /^([0-9.]+(?:e-[0-9]+)?)([kMG]?)\/s$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * (units.find(({ name }) => name === unit)?.value ?? 1);
}
