/**
 * The partition of a record, from the value that a sink's template gives.
 *
 * Only a whole number, or text of decimal digits, is a partition. Nothing is rounded and nothing stands in for what is missing: whoever chooses
 * partitions counts on them.
 */
import { MkbError } from '../api/errors.ts';
import type { CompiledTemplate } from './template.ts';
import { describe, isNumeric, isText, numericValue, type Value } from './value.ts';

/** The largest number that Kafka's protocol has for a partition. */
const most = 2 ** 31 - 1;

/** 0 to 2^31 - 1; undefined for a value that is no partition. */
export const partitionOf = (value: Value): number | undefined => {
  const number = numberOf(value);
  return number !== undefined && Number.isInteger(number) && number >= 0 && number <= most ? number : undefined;
};

const digits = /^(?:0|[1-9][0-9]{0,9})$/;

const numberOf = (value: Value): number | undefined => {
  // 2.0 is a float with a whole value, as rules that divide give it.
  if (isNumeric(value)) return Number(numericValue(value));
  if (!isText(value)) return undefined;
  const text = value.toString('latin1');
  return digits.test(text) ? Number(text) : undefined;
};

/** Why a value is no partition. @param missing the placeholder that has no value, if one has none */
export const partitionError = (value: Value, template: string, missing: string | undefined): MkbError => {
  if (missing !== undefined) return new MkbError('record-partition-missing', { template: missing });
  return new MkbError('record-partition-invalid', { template, value: describe(value) });
};

/** What is wrong with the template of a partition before there is any message: a constant that is none. */
export const checkPartition = ({ constant }: CompiledTemplate): void => {
  if (constant === undefined || partitionOf(constant) !== undefined) return;
  throw new MkbError('record-partition-invalid', { template: constant, value: describe(constant) });
};
