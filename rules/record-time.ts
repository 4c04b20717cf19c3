/**
 * The time of a record, from the value that a sink's template gives.
 *
 * Only a number, or text of decimal digits, is a time. JavaScript reads a time in nearly everything (`null` and `""` are 1970, `true` is a
 * millisecond after it), and Kafka deletes records of 1970 within minutes. The fraction of a number is cut off, since seconds with a
 * fraction times 1000 rarely give a whole number.
 *
 * A number of the wrong unit is a time like others, so it is only suspected: milliseconds have 13 digits from 2001 to 2286.
 */
import { MkbError } from '../api/errors.ts';
import type { CompiledTemplate } from './template.ts';
import { describe, isNumeric, isText, numericValue, type Value } from './value.ts';

/** 2001-09-09 in milliseconds; seconds reach it in the year 33,658. */
const fewest = 1e12;
/** 2286-11-20 in milliseconds; microseconds passed it in 1970. */
const most = 1e13;

/** Milliseconds since 1970, from 0 to 2^53 - 1; undefined for a value that is no time. */
export const timeOf = (value: Value): number | undefined => {
  const number = numberOf(value);
  if (number === undefined) return undefined;
  const whole = Math.floor(number);
  return whole >= 0 && Number.isSafeInteger(whole) ? whole : undefined;
};

const digits = /^(?:0|[1-9][0-9]*)$/;

const numberOf = (value: Value): number | undefined => {
  if (isNumeric(value)) return Number(numericValue(value));
  if (!isText(value)) return undefined;
  const text = value.toString('latin1');
  return digits.test(text) ? Number(text) : undefined;
};

/** Whether a time is probably of another unit than milliseconds. */
export const isUnlikely = (time: number): boolean => time < fewest || time >= most;

/** The warning about a time that is probably of another unit. @param template as it stands in the document */
export const unlikelyTime = (time: number, template: string): MkbError<'record-timestamp-unlikely'> => {
  const unit = time < fewest ? 'seconds' : time < 1e16 && time >= 1e15 ? 'microseconds' : 'another unit';
  return new MkbError('record-timestamp-unlikely', { template, time, year: yearOf(time), unit });
};

/** The year of a time of any size; the calendar repeats every 400 years. */
const yearOf = (time: number): number => 1970 + Math.floor(time / 31_556_952_000);

/** Why a value is no time. @param missing the placeholder that has no value, if one has none */
export const timeError = (value: Value, template: string, missing: string | undefined): MkbError => {
  if (missing !== undefined) return new MkbError('record-timestamp-missing', { template: missing });
  return new MkbError('record-timestamp-invalid', { template, value: describe(value) });
};

/** What is wrong with the template of a time before there is any message: a constant that is no time. */
export const checkTime = ({ constant }: CompiledTemplate): void => {
  if (constant === undefined || timeOf(constant) !== undefined) return;
  throw new MkbError('record-timestamp-invalid', { template: constant, value: describe(constant) });
};
