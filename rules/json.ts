/**
 * JSON that keeps what JSON.parse loses: 2.0 stays a float and 12345678901234567890 keeps every digit.
 *
 * Few payloads hold such numbers, so a scan of the bytes looks for their signs (`.0`, an exponent, sixteen digits in a row) at a fifth
 * of what parsing costs. A sign may be a false alarm (1.05, a serial number in quotes), so a regular expression looks again, and only
 * a real one pays for the exact way.
 */
import { isUtf8 } from 'node:buffer';
import { MkbError } from '../api/errors.ts';
import { BitString } from './bit-string.ts';
import { parseExactly } from './exact-json.ts';
import { Float, isList, textOfBytes, type Value, type ValueMap } from './value.ts';

/** Decodes a message's payload. Throws `payload-not-json`. */
export const decodeJson = (payload: Buffer): Value => {
  try {
    return parseBytes(payload);
  } catch (cause) {
    const reason = reasonOf(payload, cause);
    throw new MkbError('payload-not-json', { reason }, { cause });
  }
};

/** Decodes JSON text, or gives undefined for other text: JSON itself has no undefined. */
export const jsonOrUndefined = (text: string | Buffer): Value => {
  try {
    return typeof text === 'string' ? parseText(text) : parseBytes(text);
  } catch {
    return undefined;
  }
};

const parseBytes = (bytes: Buffer): Value => {
  if (!isUtf8(bytes)) throw new SyntaxError('it is not UTF-8 text');
  const text = bytes.toString('utf8');
  return mayNeedExactNumbers(bytes) ? parseText(text) : JSON.parse(text);
};

const parseText = (text: string): Value => (needsExactNumbers.test(text) ? parseExactly(text) : JSON.parse(text));

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** What stands in the way most often, in words of its own. */
const reasonOf = (payload: Buffer, cause: unknown): string => {
  if (payload.length === 0) return 'it is empty';
  if (payload.subarray(0, 3).equals(byteOrderMark)) {
    return 'it begins with a byte order mark (EF BB BF), which JSON must not have [RFC 8259, section 8.1]';
  }
  if ((payload[0] === 0xff && payload[1] === 0xfe) || (payload[0] === 0xfe && payload[1] === 0xff)) {
    return 'it is UTF-16, and JSON is UTF-8';
  }
  const nul = payload.indexOf(0);
  if (nul >= 0) return nulReason(payload, nul);
  return syntaxReason(cause);
};

/** Programs in C send the NUL that ends their text, or the whole of their buffer. */
const nulReason = (payload: Buffer, nul: number): string => {
  const rest = payload.subarray(nul);
  return rest.every(byte => byte === 0)
    ? `it ends with ${rest.length === 1 ? 'a NUL byte' : `${rest.length} NUL bytes`} after ${nul} bytes of text: the publisher sends more than its text`
    : `it has a NUL byte at position ${nul + 1}, which no JSON text has: it is binary, or UTF-16`;
};

/** V8 quotes the text it stumbled over; the first words are enough for a log line. */
const syntaxReason = (cause: unknown): string => {
  if (cause instanceof RangeError) return 'it is nested too deeply';
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/^Unexpected token '[NTF]', .*(None|True|False)/.test(reason)) {
    return `None, True and False are Python's words for null, true and false (${reason.slice(0, 120)})`;
  }
  if (/^Unexpected token '[NI]', .*(NaN|Infinity)/.test(reason))
    return 'it holds NaN or Infinity, which JSON has no number for';
  if (reason.startsWith("Unexpected token '''") || reason.startsWith("Expected property name or '}' in JSON"))
    return `text and keys stand in double quotes in JSON (${reason.slice(0, 120)})`;
  return reason.length <= 120 ? reason : `${reason.slice(0, 120)}…`;
};

const isDigit = new Uint8Array(256).fill(1, 0x30, 0x3a);
const zero = 0x30;
const nine = 0x39;
const point = 0x2e;
const exponent = 0x65;
const digitsThatMayOverflow = 16;

/** Whether a number may be among `bytes` that a double and its shortest text do not keep. */
const mayNeedExactNumbers = (bytes: Buffer): boolean => {
  let run = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (isDigit[bytes[at]!] === 0) {
      run = 0;
      continue;
    }
    if (++run === digitsThatMayOverflow) return true;
    const next = bytes[at + 1]!;
    if ((next | 0x20) === exponent || (next === point && zerosMatter(bytes, at + 2))) return true;
    // 0.9999999999999999999 rounds to a whole number: count the digits on both sides together.
    if (next === point && bytes[at + 2] === nine) at += 1;
  }
  return false;
};

/** Whether the fraction at `from` is all zeros (2.00), or begins with so many that it may be rounded away. */
const zerosMatter = (bytes: Buffer, from: number): boolean => {
  let at = from;
  while (bytes[at] === zero) at++;
  return at > from && (at >= bytes.length || isDigit[bytes[at]!] === 0 || at - from >= 5);
};

/**
 * A number, at a place where JSON can hold one, that is a float without fraction, has an exponent, or has more digits than a double:
 * a fraction can only round to a whole number when the digits after the point begin with many zeros or nines.
 */
const needsExactNumbers =
  /(?:^|[:,[\s])-?(?:\d{16}|\d+(?:\.0+(?!\d)|(?:\.\d+)?[eE]|\.(?:0{5}|9{5})\d{5})|\d{11,}\.[09])/;

/**
 * Writes a value as JSON: 2.0 as 2.0, integers exactly, bytes as text, what is undefined left out of maps and null in lists.
 * Throws `value-not-text` for bytes that are not UTF-8, `value-not-encodable` for what is nested too deeply.
 */
export const encodeJson = (value: Value): string => {
  try {
    return encode(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MkbError('value-not-encodable', { reason: 'it is nested too deeply' }, { cause });
  }
};

const encode = (value: Value): string => {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'undefined':
      return 'null';
    case 'object':
      return value === null ? 'null' : encodeObject(value);
    default:
      return String(value);
  }
};

const encodeObject = (value: Exclude<Value, null | undefined | string | number | bigint | boolean>): string => {
  if (isList(value)) return `[${value.map(encode).join(',')}]`;
  if (value instanceof Float) return value.toString();
  if (value instanceof Uint8Array) return JSON.stringify(textOfBytes(value));
  if (value instanceof BitString) {
    throw new MkbError('value-not-encodable', { reason: `${value.length} bits are no whole number of bytes` });
  }
  return encodeMap(value);
};

const encodeMap = (map: ValueMap): string => {
  let text = '';
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (value !== undefined) text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${encode(value)}`;
  }
  return text === '' ? '{}' : `${text}}`;
};
