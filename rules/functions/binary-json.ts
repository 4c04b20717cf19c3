/** CBOR and MessagePack: what devices send that JSON is too long for. */
import { decodeCbor, encodeCbor } from '../formats/cbor.ts';
import { decodeMessagePack, encodeMessagePack } from '../formats/message-pack.ts';
import { longestText, mustFit } from '../longest-text.ts';
import type { Value } from '../value.ts';
import { sizeOf } from '../windows/bounded.ts';
import { any, bytes, define, type FunctionEntry } from './define.ts';

/** A list may name one long text many times. */
const bounded =
  (encode: (value: Value) => Buffer) =>
  (value: Value): Buffer => {
    mustFit(sizeOf(value, longestText));
    return encode(value);
  };

const toCbor = bounded(encodeCbor);
const toMessagePack = bounded(encodeMessagePack);

export const binaryJsonFunctions: readonly FunctionEntry[] = [
  define({
    name: 'cbor_decode',
    parameters: [bytes('data')],
    returns: 'any',
    description:
      'The value that CBOR (RFC 8949) holds. Keys that are integers become text, tags but those of large integers are left out, byte strings are bytes.',
    examples: [["cbor_decode(hexstr2bin('A2616101616282F56161'))", { a: 1, b: [true, 'a'] }]],
    call: ([data]) => decodeCbor(data),
  }),
  define({
    name: 'cbor_encode',
    parameters: [any('value')],
    returns: 'bytes',
    description: 'The value as CBOR: each number in the fewest bytes that hold it, floats in four or eight.',
    examples: [["bin2hexstr(cbor_encode({a: 1, b: [true, 'a']}))", 'A2616101616282F56161']],
    call: ([value]) => toCbor(value),
  }),
  define({
    name: 'msgpack_decode',
    parameters: [bytes('data')],
    returns: 'any',
    description:
      'The value that MessagePack holds. Keys that are integers become text, a timestamp is milliseconds since 1970, another extension a map of `type` and `data`.',
    examples: [["msgpack_decode(hexstr2bin('82A16101A16292C3A161'))", { a: 1, b: [true, 'a'] }]],
    call: ([data]) => decodeMessagePack(data),
  }),
  define({
    name: 'msgpack_encode',
    parameters: [any('value')],
    returns: 'bytes',
    description: 'The value as MessagePack: each number in the fewest bytes that hold it, floats in four or eight.',
    examples: [["bin2hexstr(msgpack_encode({a: 1, b: [true, 'a']}))", '82A16101A16292C3A161']],
    call: ([value]) => toMessagePack(value),
  }),
];
