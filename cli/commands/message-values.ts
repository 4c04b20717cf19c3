/** Values of `mkb eval`'s options: checked, and told what is allowed when they are wrong. */
import { InvalidArgumentError } from 'commander';

/** A topic to publish to: no wildcards [MQTT-3.3.2-2], at least one character [MQTT-4.7.3-1]. */
export const parseTopic = (text: string): string => {
  if (text === '' || /[+#\0]/.test(text))
    throw new InvalidArgumentError('Write a topic without the wildcards + and #.');
  return text;
};

export const parseQos = (text: string): 0 | 1 | 2 => {
  if (text !== '0' && text !== '1' && text !== '2') throw new InvalidArgumentError('Allowed are 0, 1 and 2.');
  return Number(text) as 0 | 1 | 2;
};

/** Both alphabets of RFC 4648; the padding may be left out. */
export const parseBase64 = (text: string): Buffer => {
  const plain = text.replace(/=+$/, '');
  const known = /^[A-Za-z0-9+/_-]*$/.test(plain) && plain.length % 4 !== 1;
  if (!known) throw new InvalidArgumentError('This is not base64.');
  return Buffer.from(plain, 'base64');
};

type Property = readonly [name: string, value: string];

/** `NAME=VALUE`; further equals signs belong to the value. */
export const parseProperty = (text: string, before: readonly Property[]): readonly Property[] => {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write NAME=VALUE.');
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
};

/** A whole number from 0 on that a 64-bit integer of Kafka holds. */
export const parseWhole = (text: string): bigint => {
  const value = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 2n ** 63n) throw new InvalidArgumentError('Write a whole number, 0 or more.');
  return value;
};

/** Seconds that a four byte integer holds (MQTT 5, 3.3.2.3.3). */
export const parseSeconds = (text: string): number => {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= 4_294_967_295)) throw new InvalidArgumentError('Write seconds, 0 to 4294967295.');
  return seconds;
};

/** Milliseconds since 1970, or a time of RFC 3339. */
export const parseTime = (text: string): number => {
  const time = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Write milliseconds since 1970, or a time such as 2026-11-30T10:00:00Z.');
  return time;
};
