const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * How long ago something was, in the largest unit of which there are at least two: `90s`, `45m`, `30h`, `12d`. Clocks differ: what is yet
 * to come is `0s`.
 *
 * @param since RFC 3339
 */
export const age = (since: string, now: Date): string => {
  const passedMs = Math.max(0, now.getTime() - Date.parse(since));
  if (Number.isNaN(passedMs)) return '?';
  if (passedMs < 2 * minute) return `${Math.floor(passedMs / second)}s`;
  if (passedMs < 2 * hour) return `${Math.floor(passedMs / minute)}m`;
  if (passedMs < 2 * day) return `${Math.floor(passedMs / hour)}h`;
  return `${Math.floor(passedMs / day)}d`;
};
