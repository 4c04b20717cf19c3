/** Rates such as `1000/s`, as EMQX writes them: for each second, minute or hour. */
const seconds = { s: 1, m: 60, h: 3600 } as const;

/** @param rate of the pattern that the schema asks for */
export function perSecond(rate: string): number {
  const [count, unit] = rate.split('/') as [string, keyof typeof seconds];
  return Number(count) / seconds[unit];
}
