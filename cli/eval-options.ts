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
