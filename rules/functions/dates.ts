/** Functions on time. Times are integers of a unit, seconds unless another is named, since 1970. */
import { integer as shortest } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import type { Scope } from '../scope.ts';
import { isInteger, type Value } from '../value.ts';
import { define, type FunctionEntry, number, oneOf, optional } from './define.ts';

const units = ['second', 'millisecond', 'microsecond', 'nanosecond'] as const;
type Unit = (typeof units)[number];

const perSecond: Readonly<Record<Unit, bigint>> = {
  second: 1n,
  millisecond: 1000n,
  microsecond: 1_000_000n,
  nanosecond: 1_000_000_000n,
};

const now = (scope: Scope, unit: Unit): Value => {
  const milliseconds = BigInt(Math.floor(scope.now()));
  return shortest(unit === 'second' ? milliseconds / 1000n : (milliseconds * perSecond[unit]) / 1000n);
};

/** RFC 3339 with as many digits of the second as the unit has, in the zone of this machine. */
const toRfc3339 = (time: Value, unit: Unit, scope: Scope): string => {
  if (!isInteger(time)) throw new Refusal('a time must be a whole number');
  const scale = perSecond[unit];
  const total = BigInt(time);
  const seconds = total / scale - (total % scale < 0n ? 1n : 0n);
  const milliseconds = Number(seconds) * 1000;
  if (!(Math.abs(milliseconds) <= 8.64e15)) throw new Refusal('the time is outside of the calendar');
  const zone = scope.zoneOffset(milliseconds);
  const local = new Date(milliseconds + zone * 60_000).toISOString().replace(/\.\d+Z$/, '');
  const fraction =
    unit === 'second' ? '' : `.${(total - seconds * scale).toString().padStart(scale.toString().length - 1, '0')}`;
  return `${local}${fraction}${zoneText(zone)}`;
};

const zoneText = (minutes: number): string => {
  const pad = (value: number): string => String(value).padStart(2, '0');
  const east = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(east / 60))}:${pad(east % 60)}`;
};

export const dateFunctions: readonly FunctionEntry[] = [
  define({
    name: 'now_timestamp',
    parameters: [optional(oneOf('unit', units))],
    returns: 'integer',
    description: 'The time now, in seconds or in `unit`.',
    examples: [
      ['now_timestamp()', 1_700_000_000],
      ["now_timestamp('millisecond')", 1_700_000_000_123],
    ],
    call: ([unit = 'second'], scope) => now(scope, unit),
  }),
  define({
    name: 'now_rfc3339',
    parameters: [optional(oneOf('unit', units))],
    returns: 'text',
    description: 'The time now as RFC 3339 text in the zone of the machine.',
    examples: [["now_rfc3339('millisecond')", '2023-11-14T22:13:20.123+00:00']],
    call: ([unit = 'second'], scope) => toRfc3339(now(scope, unit), unit, scope),
  }),
  define({
    name: 'unix_ts_to_rfc3339',
    parameters: [number('time'), optional(oneOf('unit', units))],
    returns: 'text',
    description: 'A time as RFC 3339 text in the zone of the machine.',
    examples: [
      ['unix_ts_to_rfc3339(1700000000)', '2023-11-14T22:13:20+00:00'],
      ["unix_ts_to_rfc3339(1700000000123, 'millisecond')", '2023-11-14T22:13:20.123+00:00'],
    ],
    call: ([time, unit = 'second'], scope) => toRfc3339(time, unit, scope),
  }),
];
