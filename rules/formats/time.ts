/** Points in time as integers of a unit since 1970, and the calendar's view of them, as text. */
import { integer as shortest } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import { zoneText } from './time-zone.ts';

export const units = ['second', 'millisecond', 'microsecond', 'nanosecond'] as const;
export type Unit = (typeof units)[number];

const scales: Readonly<Record<Unit, bigint>> = {
  second: 1n,
  millisecond: 1000n,
  microsecond: 1_000_000n,
  nanosecond: 1_000_000_000n,
};

const nanoseconds = scales.nanosecond;

/** A time in whole seconds, and the nanoseconds (below one second, never negative) after them. */
export interface Instant {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Throws Refusal for a time that the calendar does not have. */
export const instantOf = (time: number | bigint, unit: Unit): Instant => {
  const all = BigInt(time) * (nanoseconds / scales[unit]);
  const rest = ((all % nanoseconds) + nanoseconds) % nanoseconds;
  const seconds = Number((all - rest) / nanoseconds);
  if (!(Math.abs(seconds) <= 8.64e12)) throw new Refusal('the time is outside of the calendar');
  return { seconds, nanoseconds: Number(rest) };
};

/** A time in a unit; what is below the unit is cut off. */
export const timeOf = ({ seconds, nanoseconds: rest }: Instant, unit: Unit): number | bigint => {
  const all = BigInt(seconds) * nanoseconds + BigInt(rest);
  const size = nanoseconds / scales[unit];
  return shortest((all - (((all % size) + size) % size)) / size);
};

/** Converts a time; what is below the new unit is cut off. */
export const convertTime = (time: number | bigint, from: Unit, to: Unit): number | bigint =>
  timeOf(instantOf(time, from), to);

/** How many digits of the second a unit has. */
export const digitsOf = (unit: Unit): number => String(scales[unit]).length - 1;

/** The fraction of the second, `digits` of it: 045. */
export const fractionText = ({ nanoseconds: rest }: Instant, digits: number): string =>
  String(rest).padStart(9, '0').slice(0, digits);

/** `2024-02-23T15:00:00`, `zone` seconds ahead of UTC. */
export const localText = (seconds: number, zone: number): string => {
  const date = new Date((seconds + zone) * 1000);
  if (Number.isNaN(date.getTime())) throw new Refusal('the time is outside of the calendar');
  return date.toISOString().replace(/\.\d+Z$/, '');
};

/** RFC 3339 text with as many digits of the second as the unit has. @param zone seconds ahead of UTC */
export const rfc3339Text = (time: number | bigint, unit: Unit, zone: number): string => {
  const instant = instantOf(time, unit);
  const digits = digitsOf(unit);
  const fraction = digits === 0 ? '' : `.${fractionText(instant, digits)}`;
  return `${localText(instant.seconds, zone)}${fraction}${zoneText(zone, ':')}`;
};

/** Seconds since 1970 of a date and time in UTC. Undefined when there is no such day; 24:00 and the second 60 run over. */
export const secondsOf = (year: number, month: number, day: number, time: readonly number[]): number | undefined => {
  const [hour = 0, minute = 0, second = 0] = time;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
};

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d).(\d\d):(\d\d):(\d\d)(?:\.(\d*))?(?:[Zz]|([+-])(\d\d):(\d\d))$/su;

/** The time that RFC 3339 text names. A fraction is rounded to the unit (and left out in seconds), as Erlang does it. Throws Refusal. */
export const parseRfc3339 = (text: string, unit: Unit): number | bigint => {
  const found = rfc3339.exec(text);
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHours = 0, zoneMinutes = 0] = found ?? [];
  const time = [Number(hour), Number(minute), Number(second)];
  const local = found === null ? undefined : secondsOf(Number(year), Number(month), Number(day), time);
  if (local === undefined) throw new Refusal(`'${text}' is no time like 2024-02-23T15:56:30+08:00`);
  const zone = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 3600 + Number(zoneMinutes) * 60);
  const digits = digitsOf(unit);
  return shortest(BigInt(local - zone) * scales[unit] + (digits === 0 ? 0n : roundedFraction(fraction, digits)));
};

/** The first digits of a fraction as an integer, half rounded up. */
const roundedFraction = (fraction: string, digits: number): bigint => {
  const kept = BigInt(fraction.slice(0, digits).padEnd(digits, '0'));
  return fraction.charCodeAt(digits) >= 0x35 ? kept + 1n : kept;
};
