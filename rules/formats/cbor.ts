/**
 * CBOR [RFC 8949]. The maintained libraries read 2.0 as 2 and cut large integers, which rules tell apart; so it is read here.
 *
 * Keys of maps that are integers become text (SenML has them). Tags 2 and 3 are integers of any size; of other tags the value counts.
 * Undefined is undefined, and a float that is no number is text, as in other formats (special-floats.ts).
 */
import { integer } from '../numbers.ts';
import { newMap, textOfBytes, type Value, type ValueMap } from '../value.ts';
import { type BinaryForm, bytesOf, floatBytes } from './binary-form.ts';
import { ByteReader } from './byte-reader.ts';
import { floatValue } from './special-floats.ts';

const unsigned = 0;
const negative = 1;
const byteString = 2;
const textString = 3;
const array = 4;
const map = 5;
const tag = 6;

const positiveBig = 2n;
const negativeBig = 3n;

/** What stands for the end of an indefinite length. */
const end = Symbol('break');

/** Throws Refusal. */
export const decodeCbor = (bytes: Buffer): Value => {
  const reader = new ByteReader(bytes, 'CBOR');
  const value = readItem(reader);
  if (value === end) reader.fail('an end stands where nothing began');
  reader.end();
  return value as Value;
};

const readItem = (reader: ByteReader): Value | typeof end => {
  const head = reader.byte();
  const [major, info] = [head >> 5, head & 31];
  if (major === 7) return readSimple(reader, info);
  const indefinite = info === 31;
  if (indefinite && (major < byteString || major === tag)) reader.fail('a number has no indefinite length');
  const argument = indefinite ? 0n : readArgument(reader, info);
  switch (major) {
    case unsigned:
      return integer(argument);
    case negative:
      return integer(-1n - argument);
    case byteString:
      return indefinite ? Buffer.concat(readChunks(reader, byteString)) : Buffer.from(reader.bytes(Number(argument)));
    case textString:
      return textOfBytes(indefinite ? Buffer.concat(readChunks(reader, textString)) : reader.bytes(Number(argument)));
    case array:
      return reader.nested(() => readArray(reader, indefinite ? undefined : argument));
    case map:
      return reader.nested(() => readMap(reader, indefinite ? undefined : argument));
    default:
      return reader.nested(() => tagged(argument, readValue(reader)));
  }
};

const readValue = (reader: ByteReader): Value => {
  const value = readItem(reader);
  return value === end ? reader.fail('an end stands where a value must') : value;
};

const readArgument = (reader: ByteReader, info: number): bigint => {
  if (info < 24) return BigInt(info);
  if (info === 24) return BigInt(reader.byte());
  if (info === 25) return BigInt(reader.uint16());
  if (info === 26) return BigInt(reader.uint32());
  return info === 27 ? reader.uint64() : reader.fail('a length is reserved');
};

const readChunks = (reader: ByteReader, wanted: number): Buffer[] => {
  const chunks: Buffer[] = [];
  for (let head = reader.byte(); head !== 0xff; head = reader.byte()) {
    if (head >> 5 !== wanted || (head & 31) === 31) reader.fail('a part of a text is none');
    chunks.push(reader.bytes(Number(readArgument(reader, head & 31))));
  }
  return chunks;
};

const readArray = (reader: ByteReader, length: bigint | undefined): Value[] => {
  const values: Value[] = [];
  for (let at = 0n; length === undefined || at < length; at++) {
    const value = readItem(reader);
    if (value === end) return length === undefined ? values : reader.fail('a list ends too early');
    values.push(value);
  }
  return values;
};

const readMap = (reader: ByteReader, length: bigint | undefined): ValueMap => {
  const made = newMap();
  for (let at = 0n; length === undefined || at < length; at++) {
    const key = readItem(reader);
    if (key === end) return length === undefined ? made : reader.fail('a map ends too early');
    const value = readValue(reader);
    if (value !== undefined) made[keyText(reader, key)] = value;
  }
  return made;
};

const keyText = (reader: ByteReader, key: Value): string => {
  if (typeof key === 'string') return key;
  return typeof key === 'number' || typeof key === 'bigint'
    ? String(key)
    : reader.fail('a key is neither text nor an integer');
};

const tagged = (number: bigint, value: Value): Value => {
  if ((number !== positiveBig && number !== negativeBig) || !(value instanceof Uint8Array)) return value;
  const magnitude = BigInt(`0x${value.toString('hex') || '0'}`);
  return integer(number === positiveBig ? magnitude : -1n - magnitude);
};

const readSimple = (reader: ByteReader, info: number): Value | typeof end => {
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
      return null;
    case 23:
      return undefined;
    case 25:
      return floatValue(halfFloat(reader.uint16()));
    case 26:
      return floatValue(reader.float32());
    case 27:
      return floatValue(reader.float64());
    case 31:
      return end;
    default:
      return reader.fail('a simple value has no meaning');
  }
};

const halfFloat = (bits: number): number => {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

/** Text is text, and bytes are bytes. Of a map what is undefined is left out; in a list it is undefined. Throws Refusal. */
export const encodeCbor = (value: Value): Buffer => bytesOf(value, form);

const form: BinaryForm = {
  integer: (value, parts) => writeInteger(value, parts),
  float: value => floatBytes(value, 0xfa),
  text: length => headOf(textString, BigInt(length)),
  bytes: length => headOf(byteString, BigInt(length)),
  list: length => headOf(array, BigInt(length)),
  map: length => headOf(map, BigInt(length)),
  simple: { false: 0xf4, true: 0xf5, null: 0xf6, undefined: 0xf7 },
};

const mostInHead = 2n ** 64n;

const writeInteger = (value: bigint, parts: Buffer[]): void => {
  const magnitude = value < 0n ? -1n - value : value;
  if (magnitude < mostInHead) {
    parts.push(integerHead(value));
    return;
  }
  const digits = magnitude.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  parts.push(headOf(tag, value < 0n ? negativeBig : positiveBig), headOf(byteString, BigInt(bytes.length)), bytes);
};

const integerHead = (value: bigint): Buffer => (value < 0n ? headOf(negative, -1n - value) : headOf(unsigned, value));

/** In the fewest bytes. */
const headOf = (major: number, argument: bigint): Buffer => {
  const first = major << 5;
  if (argument < 24n) return Buffer.of(first | Number(argument));
  const size = argument < 0x100n ? 1 : argument < 0x10000n ? 2 : argument < 0x100000000n ? 4 : 8;
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = first | (24 + Math.log2(size));
  if (size === 8) bytes.writeBigUInt64BE(argument, 1);
  else bytes.writeUIntBE(Number(argument), 1, size);
  return bytes;
};
