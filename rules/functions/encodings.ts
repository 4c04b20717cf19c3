/** Functions that encode, decode and hash. */
import { createHash } from 'node:crypto';
import { encodeJson, jsonOrUndefined } from '../json.ts';
import { refuse } from '../refusal.ts';
import type { Value } from '../value.ts';
import { any, bytes, define, type FunctionEntry, oneOf, text } from './define.ts';

const base64Options = ['no_padding', 'urlsafe'] as const;
type Base64Option = (typeof base64Options)[number];

const toBase64 = (value: Buffer, options: readonly Base64Option[]): string => {
  const standard = value.toString('base64');
  const padded = options.includes('urlsafe') ? standard.replaceAll('+', '-').replaceAll('/', '_') : standard;
  return options.includes('no_padding') ? padded.replace(/=+$/, '') : padded;
};

const fromBase64 = (encoded: string, options: readonly Base64Option[]): Buffer => {
  const alphabet = options.includes('urlsafe') ? /^[A-Za-z0-9_-]*={0,2}$/ : /^[A-Za-z0-9+/]*={0,2}$/;
  const unpadded = encoded.replace(/=+$/, '');
  const wholeLength = options.includes('no_padding') ? unpadded.length % 4 !== 1 : encoded.length % 4 === 0;
  if (!alphabet.test(encoded) || !wholeLength) refuse('the text must be base64', encoded);
  return Buffer.from(unpadded, options.includes('urlsafe') ? 'base64url' : 'base64');
};

const decodeText = (value: Buffer): Value => {
  const decoded = jsonOrUndefined(value);
  return decoded === undefined ? refuse('the text must be JSON', value) : decoded;
};

const hash = (name: string, algorithm: string, example: string): FunctionEntry =>
  define({
    name,
    parameters: [bytes('data')],
    returns: 'text',
    description: `The ${algorithm.toUpperCase()} hash as lower-case hexadecimal digits.`,
    examples: [[`${name}('abc')`, example]],
    call: ([data]) => createHash(algorithm).update(data).digest('hex'),
  });

export const encodingFunctions: readonly FunctionEntry[] = [
  define({
    name: 'json_encode',
    parameters: [any('value')],
    returns: 'text',
    description: 'The value as JSON.',
    examples: [["json_encode([1, 2.0, 'a'])", '[1,2.0,"a"]']],
    call: ([value]) => encodeJson(value),
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
    description: 'The bytes that base64 stands for, with padding unless `no_padding` is given.',
    examples: [
      ["base64_decode('aGVsbG8=')", 'hello'],
      ["base64_decode('_-8', 'urlsafe', 'no_padding') = base64_decode('/+8=')", true],
    ],
    call: ([encoded, ...options]) => fromBase64(encoded, options),
  }),
  hash('md5', 'md5', '900150983cd24fb0d6963f7d28e17f72'),
  hash('sha', 'sha1', 'a9993e364706816aba3e25717850c26c9cd0d89d'),
  hash('sha256', 'sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'),
];
