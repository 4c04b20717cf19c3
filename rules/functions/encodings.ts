/** Bytes as base64, and values as JSON. */
import { encodeJson, jsonOrUndefined } from '../json.ts';
import { longestText, mustFit } from '../longest-text.ts';
import { refuse } from '../refusal.ts';
import type { Value } from '../value.ts';
import { any, bytes, define, type FunctionEntry, oneOf, text } from './define.ts';

const base64Options = ['no_padding', 'urlsafe'] as const;
type Base64Option = (typeof base64Options)[number];

const toBase64 = (value: Buffer, options: readonly Base64Option[]): string => {
  mustFit((4 / 3) * value.length);
  const standard = value.toString('base64');
  const padded = options.includes('urlsafe') ? standard.replaceAll('+', '-').replaceAll('/', '_') : standard;
  return options.includes('no_padding') ? padded.replace(/=+$/, '') : padded;
};

const fromBase64 = (text: string, options: readonly Base64Option[]): Buffer => {
  const encoded = text.replace(/[ \t\r\n]/g, '');
  const alphabet = options.includes('urlsafe') ? /^[A-Za-z0-9_-]*={0,2}$/ : /^[A-Za-z0-9+/]*={0,2}$/;
  const unpadded = encoded.replace(/=+$/, '');
  const wholeLength = options.includes('no_padding') ? unpadded.length % 4 !== 1 : encoded.length % 4 === 0;
  if (!alphabet.test(encoded) || !wholeLength) refuse('the text must be base64', encoded);
  return Buffer.from(unpadded, options.includes('urlsafe') ? 'base64url' : 'base64');
};

/** A list may name one long text many times. @returns a length that the JSON of the value has at least; it stops counting where that is too much */
const leastLength = (value: Value, atMost: number): number => {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  let length = 0;
  for (const each of Array.isArray(value) ? value : Object.values(value)) {
    length += 1 + leastLength(each as Value, atMost - length);
    if (length > atMost) break;
  }
  return length;
};

const jsonOf = (value: Value): string => {
  mustFit(leastLength(value, longestText));
  return encodeJson(value);
};

const decodeText = (value: Buffer): Value => {
  const decoded = jsonOrUndefined(value);
  return decoded === undefined ? refuse('the text must be JSON', value) : decoded;
};

export const encodingFunctions: readonly FunctionEntry[] = [
  define({
    name: 'json_encode',
    parameters: [any('value')],
    returns: 'text',
    description: 'The value as JSON.',
    examples: [["json_encode([1, 2.0, 'a'])", '[1,2.0,"a"]']],
    call: ([value]) => jsonOf(value),
  }),
  define({
    name: 'json_decode',
    parameters: [bytes('text')],
    returns: 'any',
    description: 'The value that JSON text holds.',
    examples: [['json_decode(\'{"a": [1]}\')', { a: [1] }]],
    call: ([value]) => decodeText(value),
  }),
  define({
    name: 'base64_encode',
    parameters: [bytes('data')],
    rest: oneOf('options', base64Options),
    returns: 'text',
    description: 'The bytes in base64; `urlsafe` uses - and _, `no_padding` leaves the = signs out.',
    examples: [
      ["base64_encode('hello')", 'aGVsbG8='],
      ["base64_encode('hello', 'no_padding')", 'aGVsbG8'],
    ],
    call: ([data, ...options]) => toBase64(data, options),
  }),
  define({
    name: 'base64_decode',
    parameters: [text('text')],
    rest: oneOf('options', base64Options),
    returns: 'bytes',
    description: 'The bytes that base64 stands for, with padding unless `no_padding` is given; white space is ignored.',
    examples: [
      ["base64_decode('aGVsbG8=')", 'hello'],
      ["base64_decode('_-8', 'urlsafe', 'no_padding') = base64_decode('/+8=')", true],
    ],
    call: ([encoded, ...options]) => fromBase64(encoded, options),
  }),
];
