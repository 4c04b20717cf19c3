/**
 * How long a message is of use, from the value that a sink's template gives.
 *
 * Only a number, or text of decimal digits, is a number of seconds; what has no value means that the message does not expire. Everything else is
 * an error: a command that was to be good for ten seconds must not be good for ever because of a typing error.
 */
import { MkbError } from '../api/errors.ts';
import type { Captures, Origin, Row } from './rule.ts';
import type { CompiledTemplate } from './template.ts';
import { describe, isNumeric, isText, numericValue, type Value } from './value.ts';

/** Message Expiry Interval has four bytes. */
const most = 4_294_967_295;

/** Seconds, perhaps with a fraction; undefined for a value that is none. */
function secondsOf(value: Value): number | undefined {
  const seconds = isNumeric(value) ? Number(numericValue(value)) : isText(value) ? ofText(value.toString()) : undefined;
  return seconds !== undefined && seconds >= 0 && seconds <= most ? seconds : undefined;
}

const ofText = (text: string): number | undefined => (/^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : undefined);

/** Seconds; undefined if the message does not expire. Throws `mqtt-message-expiry-invalid`. */
export function expiryOf(
  template: CompiledTemplate,
  message: Origin,
  captures: Captures,
  row: Row,
): number | undefined {
  const { gaps, source } = template;
  const value = template.value(message, captures, row);
  if (value === undefined || value === null) return undefined;
  const seconds = template.gaps === gaps ? secondsOf(value) : undefined;
  if (seconds === undefined)
    throw new MkbError('mqtt-message-expiry-invalid', { template: source, value: describe(value) });
  return seconds;
}

/** What is wrong with the template before there is any message: a constant that is no number of seconds. */
export function checkExpiry({ constant }: CompiledTemplate): void {
  if (constant === undefined || secondsOf(constant) !== undefined) return;
  throw new MkbError('mqtt-message-expiry-invalid', { template: constant, value: describe(constant) });
}
