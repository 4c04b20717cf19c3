/** Functions on the bits of a payload: fields of any width at any place, as devices pack them. */
import { BitString, bitsValue } from '../bit-string.ts';
import { float, integer as shortest } from '../numbers.ts';
import { Refusal, refuse } from '../refusal.ts';
import { isList, isText, type Value } from '../value.ts';
import { any, bits, define, type FunctionEntry, integer, oneOf, optional } from './define.ts';

const types = ['integer', 'float', 'bits'] as const;
const signs = ['unsigned', 'signed'] as const;
const endians = ['big', 'little'] as const;

interface BitField {
  /** Position of the first bit, from 1. */
  readonly start: number;
  readonly length: number;
  readonly type: (typeof types)[number];
  readonly sign: (typeof signs)[number];
  readonly endian: (typeof endians)[number];
}

/** The field of `data`; what lies past the end is cut off. Undefined when the field begins outside. */
const readField = (data: Buffer | BitString, field: BitField): Value => {
  const { start } = field;
  const total = bitCount(data);
  if (field.length < 0) throw new Refusal('length must not be negative');
  if (start < 1 || start > total) return undefined;
  const length = Math.min(field.length, total - start + 1);
  const raw = bigEndian(data, start - 1, length);
  switch (field.type) {
    case 'bits':
      return bitsValue(raw, length);
    case 'float':
      return readFloat(raw, length, field.endian);
    default:
      return shortest(signed(field.endian === 'little' ? swapBytes(raw, length) : raw, length, field.sign));
  }
};

const bitCount = (data: Buffer | BitString): number => (data instanceof BitString ? data.length : data.length * 8);

/** Bits as one number, the first bit the highest. */
const bigEndian = (data: Buffer | BitString, from: number, length: number): bigint => {
  if (data instanceof BitString) return BigInt.asUintN(length, data.bits >> BigInt(data.length - from - length));
  const firstByte = from >> 3;
  const pastByte = (from + length + 7) >> 3;
  const digits = data.toString('hex', firstByte, pastByte);
  const whole = BigInt(`0x${digits === '' ? '0' : digits}`);
  return BigInt.asUintN(length, whole >> BigInt(pastByte * 8 - from - length));
};

/** Little-endian fields hold the low byte first; bits that fill no byte come last and are the highest. */
const swapBytes = (raw: bigint, length: number): bigint => {
  let result = 0n;
  for (let at = 0; at < length; at += 8) {
    const width = Math.min(8, length - at);
    result |= BigInt.asUintN(width, raw >> BigInt(length - at - width)) << BigInt(at);
  }
  return result;
};

const signed = (value: bigint, length: number, sign: BitField['sign']): bigint =>
  sign === 'signed' ? BigInt.asIntN(length, value) : value;

const readFloat = (raw: bigint, length: number, endian: BitField['endian']): Value => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, endian === 'little' ? swapBytes(raw, length) : raw);
  switch (length) {
    case 16:
      return float(view.getFloat16(6));
    case 32:
      return float(view.getFloat32(4));
    case 64:
      return float(view.getFloat64(0));
    default:
      throw new Refusal(`a float has 16, 32 or 64 bits, not ${length}`);
  }
};

/** Bytes in all of a list's text, bytes and lists, where an integer is one byte. */
const byteCount = (value: Value): number => {
  if (isText(value)) return Buffer.byteLength(value);
  if (isList(value)) return value.reduce<number>((sum, item) => sum + (isByte(item) ? 1 : byteCount(item)), 0);
  return refuse('only text, bytes and lists of them have bytes', value) as never;
};

const isByte = (value: Value): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;

/** The three-argument form names the start; the two-argument form starts at the first bit. */
const subbits = (data: Buffer | BitString, first: number, rest: Partial<BitField>): Value => {
  const { length, type = 'integer', sign = 'unsigned', endian = 'big' } = rest;
  const field = length === undefined ? { start: 1, length: first } : { start: first, length };
  return readField(data, { ...field, type, sign, endian });
};

export const bitFunctions: readonly FunctionEntry[] = [
  define({
    name: 'subbits',
    parameters: [
      bits('bits'),
      integer('start'),
      optional(integer('length')),
      optional(oneOf('type', types)),
      optional(oneOf('sign', signs)),
      optional(oneOf('endian', endians)),
    ],
    returns: 'integer | float | bits',
    description:
      '`length` bits from bit `start` (the first is 1) as a number, or as bits that other functions of bits take. With two arguments the second is the length, from the first bit. Undefined if the field begins past the end.',
    examples: [
      ["subbits(hexstr2bin('9F4E58'), 8)", 159],
      ["subbits(hexstr2bin('9F4E58'), 9, 4)", 4],
      ["subbits(hexstr2bin('9F4E58'), 1, 12, 'integer', 'unsigned', 'little')", 1183],
      ["subbits(hexstr2bin('FF'), 1, 8, 'integer', 'signed')", -1],
      ["subbits(hexstr2bin('3FC00000'), 1, 32, 'float')", 1.5],
      ["bin2hexstr(subbits(hexstr2bin('9F4E58'), 1, 6, 'bits'))", '27'],
      ["is_null(subbits('a', 9, 1))", true],
    ],
    call: ([data, start, length, type, sign, endian]) =>
      subbits(data, start, {
        ...(length === undefined ? {} : { length }),
        ...(type === undefined ? {} : { type }),
        ...(sign === undefined ? {} : { sign }),
        ...(endian === undefined ? {} : { endian }),
      }),
  }),
  define({
    name: 'bytesize',
    parameters: [any('bytes')],
    returns: 'integer',
    description: 'How many bytes there are, in text, in bytes, or in a list of them.',
    examples: [["bytesize('ü')", 2]],
    call: ([data]) => byteCount(data),
  }),
  define({
    name: 'bitsize',
    parameters: [bits('bits')],
    returns: 'integer',
    description: 'How many bits there are.',
    examples: [
      ["bitsize('ab')", 16],
      ["bitsize(subbits('ab', 1, 6, 'bits'))", 6],
    ],
    call: ([data]) => bitCount(data),
  }),
];
