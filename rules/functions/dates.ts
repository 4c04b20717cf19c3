/** Functions on time. Times are integers of a unit, seconds unless another is named, since 1970. */
import { formatDate, parseDate } from '../formats/date-pattern.ts';
import { convertTime, instantOf, parseRfc3339, rfc3339Text, timeOf, type Unit, units } from '../formats/time.ts';
import { zoneSeconds } from '../formats/time-zone.ts';
import type { Scope } from '../scope.ts';
import type { Value } from '../value.ts';
import { any, define, type FunctionEntry, oneOf, optional, text, whole } from './define.ts';

const unit = oneOf('unit', units);

const now = (scope: Scope, wanted: Unit): number | bigint =>
  convertTime(Math.floor(scope.now()), 'millisecond', wanted);

/** Seconds that the machine's zone is ahead of UTC at a time in seconds. */
const machineZone = (scope: Scope, seconds: number): number => scope.zoneOffset(seconds * 1000) * 60;

const zoneOf = (zone: Value, scope: Scope): number =>
  zoneSeconds(zone, () => machineZone(scope, Math.floor(scope.now() / 1000)));

const toRfc3339 = (time: number | bigint, of: Unit, scope: Scope): string =>
  rfc3339Text(time, of, machineZone(scope, instantOf(time, of).seconds));

/** The time that a date names, less what the zone is ahead. */
const readDate = (date: string, pattern: string, zone: Value, scope: Scope, wanted: Unit): Value => {
  const instant = parseDate(date, pattern, () => zoneOf('local', scope));
  return timeOf({ ...instant, seconds: instant.seconds - zoneOf(zone, scope) }, wanted);
};

const isoDate = (milliseconds: number | bigint): string =>
  `ISODate(${rfc3339Text(milliseconds, 'millisecond', 0).replace('+00:00', 'Z')})`;

const zoneFunction = (name: string, description: string): FunctionEntry =>
  define({
    name,
    parameters: [any('zone')],
    returns: 'integer',
    description,
    examples: [
      [`${name}('+08:00')`, 28_800],
      [`${name}('Z')`, 0],
    ],
    call: ([zone], scope) => zoneOf(zone, scope),
  });

export const dateFunctions: readonly FunctionEntry[] = [
  define({
    name: 'now_timestamp',
    parameters: [optional(unit)],
    returns: 'integer',
    description: 'The time now, in seconds or in `unit`.',
    examples: [
      ['now_timestamp()', 1_700_000_000],
      ["now_timestamp('millisecond')", 1_700_000_000_123],
    ],
    call: ([wanted = 'second'], scope) => now(scope, wanted),
  }),
  define({
    name: 'now_rfc3339',
    parameters: [optional(unit)],
    returns: 'text',
    description: 'The time now as RFC 3339 text in the zone of the machine.',
    examples: [["now_rfc3339('millisecond')", '2023-11-14T22:13:20.123+00:00']],
    call: ([wanted = 'second'], scope) => toRfc3339(now(scope, wanted), wanted, scope),
  }),
  define({
    name: 'unix_ts_to_rfc3339',
    parameters: [whole('time'), optional(unit)],
    returns: 'text',
    description: 'A time as RFC 3339 text in the zone of the machine.',
    examples: [
      ['unix_ts_to_rfc3339(1700000000)', '2023-11-14T22:13:20+00:00'],
      ["unix_ts_to_rfc3339(1700000000123, 'millisecond')", '2023-11-14T22:13:20.123+00:00'],
    ],
    call: ([time, of = 'second'], scope) => toRfc3339(time, of, scope),
  }),
  define({
    name: 'rfc3339_to_unix_ts',
    parameters: [text('text'), optional(unit)],
    returns: 'integer',
    description: 'The time that RFC 3339 text names, in seconds or in `unit`.',
    examples: [
      ["rfc3339_to_unix_ts('2024-02-23T15:56:30+08:00')", 1_708_674_990],
      ["rfc3339_to_unix_ts('2024-02-23T15:56:30.87Z', 'millisecond')", 1_708_703_790_870],
    ],
    call: ([date, wanted = 'second']) => parseRfc3339(date, wanted),
  }),
  define({
    name: 'format_date',
    parameters: [unit, any('zone'), text('pattern'), optional(whole('time'))],
    returns: 'text',
    description:
      'A time (or now) in a zone (+08:00, +0800, Z, local, or seconds) as the pattern says: %Y %m %d %H %M %S, %3N %6N %N for the fraction, %z %:z %::z for the zone.',
    examples: [
      [
        "format_date('millisecond', '+08:00', '%Y-%m-%d %H:%M:%S.%6N%z', 1708933353472)",
        '2024-02-26 15:42:33.472000+0800',
      ],
      ["format_date('second', 'Z', '%d/%m/%Y')", '14/11/2023'],
    ],
    call: ([of, zone, pattern, time], scope) =>
      formatDate(instantOf(time ?? now(scope, of), of), zoneOf(zone, scope), pattern),
  }),
  define({
    name: 'date_to_unix_ts',
    parameters: [unit, any('zone or pattern'), text('pattern or text'), optional(text('text'))],
    returns: 'integer',
    description:
      'The time that text names by a pattern (see format_date); with four arguments the second is the zone of a text that has none. Characters of the pattern that are no directive skip one character of the text.',
    examples: [
      ["date_to_unix_ts('second', '%Y-%m-%d %H:%M:%S%:z', '2024-02-23 15:00:00+08:00')", 1_708_671_600],
      ["date_to_unix_ts('second', '+08:00', '%Y-%m-%d %H:%M:%S', '2024-02-23 15:00:00')", 1_708_671_600],
    ],
    call: ([wanted, second, third, fourth], scope) =>
      fourth === undefined
        ? readDate(third, text('pattern').read(second), undefined, scope, wanted)
        : readDate(fourth, third, second, scope, wanted),
  }),
  zoneFunction(
    'timezone_to_offset_seconds',
    'Seconds that a zone is ahead of UTC: Z, local, +08:00, +08:00:30 or +0800.',
  ),
  zoneFunction('timezone_to_second', 'An older name of timezone_to_offset_seconds.'),
  define({
    name: 'mongo_date',
    parameters: [optional(whole('time')), optional(unit)],
    returns: 'text',
    description: 'A time in milliseconds (or in `unit`; or now) as MongoDB’s shell writes it.',
    examples: [
      ['mongo_date(1708671600123)', 'ISODate(2024-02-23T07:00:00.123Z)'],
      ['mongo_date()', 'ISODate(2023-11-14T22:13:20.123Z)'],
    ],
    call: ([time, of = 'millisecond'], scope) =>
      isoDate(time === undefined ? now(scope, 'millisecond') : convertTime(time, of, 'millisecond')),
  }),
];
