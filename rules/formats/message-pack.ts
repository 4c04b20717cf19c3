/**
 * MessagePack (github.com/msgpack/msgpack/blob/master/spec.md). As with CBOR, 2.0 stays a float and integers keep every digit.
 *
 * Keys of maps that are integers become text. A timestamp is milliseconds since 1970; another extension is a map of `type` and `data`.
 */
import { integer } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import { newMap, textOfBytes, type Value, type ValueMap } from '../value.ts';
import { type BinaryForm, bytesOf, floatBytes } from './binary-form.ts';
import { ByteReader } from './byte-reader.ts';
import { floatValue } from './special-floats.ts';

const timestampType = -1;

/** Throws Refusal. */
export const decodeMessagePack = (bytes: Buffer): Value => {
  const reader = new ByteReader(bytes, 'MessagePack');
  const value = read(reader);
  reader.end();
  return value;
};

const read = (reader: ByteReader): Value => {
  const head = reader.byte();
  if (head < 0x80) return head;
  if (head < 0x90) return readMap(reader, head & 15);
  if (head < 0xa0) return readList(reader, head & 15);
  if (head < 0xc0) return textOfBytes(reader.bytes(head & 31));
  if (head >= 0xe0) return head - 0x100;
  return byHead[head]?.(reader) ?? (head === 0xc0 ? null : reader.fail('a byte begins no value'));
};

/** Those that are not in ranges, but nil. */
const byHead: Readonly<Record<number, (reader: ByteReader) => Exclude<Value, undefined | null>>> = {
  194: () => false,
  195: () => true,
  196: reader => copied(reader, reader.byte()),
  197: reader => copied(reader, reader.uint16()),
  198: reader => copied(reader, reader.uint32()),
  199: reader => readExtension(reader, reader.byte()),
  200: reader => readExtension(reader, reader.uint16()),
  201: reader => readExtension(reader, reader.uint32()),
  202: reader => floatValue(reader.float32()),
  203: reader => floatValue(reader.float64()),
  204: reader => reader.byte(),
  205: reader => reader.uint16(),
  206: reader => reader.uint32(),
  207: reader => integer(reader.uint64()),
  208: reader => reader.int8(),
  209: reader => reader.int16(),
  210: reader => reader.int32(),
  211: reader => integer(reader.int64()),
  212: reader => readExtension(reader, 1),
  213: reader => readExtension(reader, 2),
  214: reader => readExtension(reader, 4),
  215: reader => readExtension(reader, 8),
  216: reader => readExtension(reader, 16),
  217: reader => textOfBytes(reader.bytes(reader.byte())),
  218: reader => textOfBytes(reader.bytes(reader.uint16())),
  219: reader => textOfBytes(reader.bytes(reader.uint32())),
  220: reader => readList(reader, reader.uint16()),
  221: reader => readList(reader, reader.uint32()),
  222: reader => readMap(reader, reader.uint16()),
  223: reader => readMap(reader, reader.uint32()),
};

const copied = (reader: ByteReader, length: number): Buffer => Buffer.from(reader.bytes(length));

const readList = (reader: ByteReader, length: number): Value[] =>
  reader.nested(() => {
    const values: Value[] = [];
    for (let at = 0; at < length; at++) values.push(read(reader));
    return values;
  });

const readMap = (reader: ByteReader, length: number): ValueMap =>
  reader.nested(() => {
    const made = newMap();
    for (let at = 0; at < length; at++) {
      const key = read(reader);
      if (typeof key !== 'string' && typeof key !== 'number' && typeof key !== 'bigint')
        reader.fail('a key is neither text nor an integer');
      made[String(key)] = read(reader);
    }
    return made;
  });

const readExtension = (reader: ByteReader, length: number): number | bigint | ValueMap => {
  const type = reader.int8();
  const data = copied(reader, length);
  if (type !== timestampType || ![4, 8, 12].includes(length)) return Object.assign(newMap(), { type, data });
  if (length === 4) return data.readUInt32BE() * 1000;
  if (length === 12) return integer(data.readBigInt64BE(4) * 1000n + BigInt(Math.floor(data.readUInt32BE() / 1e6)));
  const both = data.readBigUInt64BE();
  return integer((both & 0x3ffffffffn) * 1000n + (both >> 34n) / 1_000_000n);
};

/** Text is text, and bytes are bytes. What is undefined is left out of a map, and nil in a list. Throws Refusal. */
export const encodeMessagePack = (value: Value): Buffer => bytesOf(value, form);

const form: BinaryForm = {
  integer: (value, parts) => parts.push(integerBytes(value)),
  float: value => floatBytes(value, 0xca),
  text: length => headOf(length, [0xd9, 0xda, 0xdb], { most: 31, head: 0xa0 }),
  bytes: length => headOf(length, [0xc4, 0xc5, 0xc6]),
  list: length => headOf(length, [undefined, 0xdc, 0xdd], { most: 15, head: 0x90 }),
  map: length => headOf(length, [undefined, 0xde, 0xdf], { most: 15, head: 0x80 }),
  simple: { false: 0xc2, true: 0xc3, null: 0xc0, undefined: 0xc0 },
};

/** What stands before lengths of one byte, two and four. */
type Heads = readonly [one: number | undefined, two: number, four: number];

/** In the fewest bytes. @param short of a length that stands in the first byte itself */
const headOf = (
  length: number,
  [one, two, four]: Heads,
  short?: { readonly most: number; readonly head: number },
): Buffer => {
  if (short !== undefined && length <= short.most) return Buffer.of(short.head | length);
  const [head, size] = one !== undefined && length <= 0xff ? [one, 1] : length <= 0xffff ? [two, 2] : [four, 4];
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = head;
  bytes.writeUIntBE(length, 1, size);
  return bytes;
};

const integerBytes = (value: bigint): Buffer => {
  if (value >= -32n && value < 128n) return Buffer.of(Number(value) & 0xff);
  if (value >= 2n ** 64n || value < -(2n ** 63n)) throw new Refusal(`the integer ${value} has more than 64 bits`);
  const size = [1, 2, 4, 8].find(each =>
    value < 0n ? value >= -(2n ** BigInt(each * 8 - 1)) : value < 2n ** BigInt(each * 8),
  )!;
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = (value < 0n ? 0xd0 : 0xcc) + Math.log2(size);
  if (size === 8) bytes.writeBigUInt64BE(BigInt.asUintN(64, value), 1);
  else bytes.writeUIntBE(Number(BigInt.asUintN(size * 8, value)), 1, size);
  return bytes;
};
