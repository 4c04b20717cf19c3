/** Distances from UTC as EMQX writes them: Z, local, +08:00, +0800, +08:00:00, or seconds. */
import { Refusal, refuse } from '../refusal.ts';
import { isInteger, isText, type Value } from '../value.ts';

const written = /^([+-])(?:(\d+):+(\d+)(?::+(\d+))?|(\d\d)(\d\d))$/;

/** Seconds that a zone is ahead of UTC. Throws Refusal. @param local seconds that the machine's own zone is ahead */
export const zoneSeconds = (zone: Value, local: () => number): number => {
  if (zone === undefined) return 0;
  if (isInteger(zone)) return Number(zone);
  return isText(zone) ? parseZone(zone.toString(), local) : (refuse('a time zone is text or seconds', zone) as never);
};

const parseZone = (zone: string, local: () => number): number => {
  if (zone === 'Z' || zone === 'z') return 0;
  if (zone === 'local') return local();
  const found = written.exec(zone);
  if (found === null) throw new Refusal(`a time zone is Z, local, +hh:mm, +hh:mm:ss or +hhmm, not '${zone}'`);
  const [, sign, hours = found[5], minutes = found[6], seconds = '0'] = found;
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)];
  if (h > 23 || m > 59 || s > 59) throw new Refusal(`there is no time zone '${zone}'`);
  return (sign === '-' ? -1 : 1) * (h * 3600 + m * 60 + s);
};

const two = (value: number): string => String(value).padStart(2, '0');

/** `+0800` with no separator, `+08:00` with one, `+08:00:00` when seconds are wanted. */
export const zoneText = (seconds: number, separator: '' | ':', withSeconds = false): string => {
  const size = Math.abs(seconds);
  const parts = [two(Math.floor(size / 3600)), two(Math.floor(size / 60) % 60)];
  if (withSeconds) parts.push(two(size % 60));
  return `${seconds < 0 ? '-' : '+'}${parts.join(separator)}`;
};
