/**
 * Dates by a pattern: `%Y-%m-%d %H:%M:%S.%3N%:z`.
 *
 * Writing is what one expects. Reading goes by position alone, as in EMQX: a literal character of the pattern skips one byte of the text
 * whatever it is, and the text may end before the pattern does once year, month, day, hour, minute and second are there.
 */
import { Refusal } from '../refusal.ts';
import { fractionText, type Instant, secondsOf } from './time.ts';
import { zoneSeconds, zoneText } from './time-zone.ts';

interface Directive {
  /** How many bytes it takes in text. */
  readonly width: number;
  readonly write: (at: Moment) => string;
}

/** A time, in a zone. */
interface Moment {
  readonly instant: Instant;
  /** Seconds ahead of UTC. */
  readonly zone: number;
  /** The same time as if the zone were UTC, for the calendar's fields. */
  readonly local: Date;
}

const padded = (value: number, width: number): string => String(value).padStart(width, '0');

const directives: Readonly<Record<string, Directive>> = {
  '%Y': { width: 4, write: ({ local }) => padded(local.getUTCFullYear(), 4) },
  '%m': { width: 2, write: ({ local }) => padded(local.getUTCMonth() + 1, 2) },
  '%d': { width: 2, write: ({ local }) => padded(local.getUTCDate(), 2) },
  '%H': { width: 2, write: ({ local }) => padded(local.getUTCHours(), 2) },
  '%M': { width: 2, write: ({ local }) => padded(local.getUTCMinutes(), 2) },
  '%S': { width: 2, write: ({ local }) => padded(local.getUTCSeconds(), 2) },
  '%N': { width: 9, write: ({ instant }) => fractionText(instant, 9) },
  '%6N': { width: 6, write: ({ instant }) => fractionText(instant, 6) },
  '%3N': { width: 3, write: ({ instant }) => fractionText(instant, 3) },
  '%z': { width: 5, write: ({ zone }) => zoneText(zone, '') },
  '%:z': { width: 6, write: ({ zone }) => zoneText(zone, ':') },
  '%::z': { width: 9, write: ({ zone }) => zoneText(zone, ':', true) },
};

const directive = /%(?:[YmdHMSNz]|[36]N|::?z)/g;

/** The time as the pattern says. @param zone seconds ahead of UTC */
export const formatDate = (instant: Instant, zone: number, pattern: string): string => {
  const local = new Date((instant.seconds + zone) * 1000);
  if (Number.isNaN(local.getTime())) throw new Refusal('the time is outside of the calendar');
  return pattern.replace(directive, found => directives[found]?.write({ instant, zone, local }) ?? found);
};

/** What was read of a date, by directive. */
type Fields = Map<string, string>;

/** The time that text names. Throws Refusal. @param localZone seconds that the machine's own zone is ahead of UTC */
export const parseDate = (text: string, pattern: string, localZone: () => number): Instant => {
  const fields = readFields(text, pattern);
  const number = (name: string): number | undefined => wholeField(fields.get(name), name);
  const required = (name: string): number => {
    const value = number(name);
    if (value === undefined) throw new Refusal(`the date '${text}' has no ${name}`);
    return value;
  };
  const time = [required('%H'), required('%M'), required('%S')];
  const seconds = secondsOf(required('%Y'), required('%m'), required('%d'), time);
  if (seconds === undefined) throw new Refusal(`there is no such day as in '${text}'`);
  const zone = fields.get('zone');
  const nanoseconds = (number('%3N') ?? 0) * 1e6 + (number('%6N') ?? 0) * 1e3 + (number('%N') ?? 0);
  return { seconds: seconds - (zone === undefined ? 0 : zoneSeconds(zone, localZone)), nanoseconds };
};

const wholeField = (digits: string | undefined, name: string): number | undefined => {
  if (digits === undefined) return undefined;
  if (!/^[+-]?\d+$/.test(digits)) throw new Refusal(`'${digits}' is no number for ${name}`);
  return Number(digits);
};

/** Positions count bytes, so both go through their bytes. */
const readFields = (text: string, pattern: string): Fields => {
  const bytes = Buffer.from(text).toString('latin1');
  const wanted = Buffer.from(pattern).toString('latin1');
  const fields: Fields = new Map();
  let at = 0;
  for (const [part = ''] of wanted.matchAll(/%(?:[YmdHMSNz]|[36]N|::?z)|./gs)) {
    if (at >= bytes.length) break;
    const width = directives[part]?.width ?? 1;
    if (at + width > bytes.length) throw new Refusal(`the date '${text}' ends within ${part}`);
    if (part.length > 1) fields.set(part.endsWith('z') ? 'zone' : part, bytes.slice(at, at + width));
    at += width;
  }
  return fields;
};
