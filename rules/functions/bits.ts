/** Functions on the bits of a payload. */
import { float, integer as shortest } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import type { Value } from '../value.ts';
import { bytes, define, type FunctionEntry, integer, oneOf, optional } from './define.ts';

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

/** Bits of `data` as one big-endian number; what lies past the end is cut off. Undefined when the field begins outside. */
const readField = (data: Buffer, field: BitField): Value => {
  const { start } = field;
  const total = data.length * 8;
  if (field.length < 0) throw new Refusal('length must not be negative');
  if (start < 1 || start > total) return undefined;
  const length = Math.min(field.length, total - start + 1);
  const raw = bigEndian(data, start - 1, length);
  switch (field.type) {
    case 'bits':
      return packBits(raw, length);
    case 'float':
      return readFloat(raw, length, field.endian);
    default:
      return shortest(signed(field.endian === 'little' ? swapBytes(raw, length) : raw, length, field.sign));
  }
};

const bigEndian = (data: Buffer, from: number, length: number): bigint => {
  const firstByte = from >> 3;
  const pastByte = (from + length + 7) >> 3;
  const digits = data.subarray(firstByte, pastByte).toString('hex');
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

const packBits = (raw: bigint, length: number): Buffer => {
  if (length % 8 !== 0) throw new Refusal(`bits are whole bytes here, not ${length} bits`);
  return length === 0 ? Buffer.alloc(0) : Buffer.from(raw.toString(16).padStart(length / 4, '0'), 'hex');
};

/** The three-argument form names the start; the two-argument form starts at the first bit. */
const subbits = (data: Buffer, first: number, rest: Partial<BitField>): Value => {
  const { length, type = 'integer', sign = 'unsigned', endian = 'big' } = rest;
  const field = length === undefined ? { start: 1, length: first } : { start: first, length };
  return readField(data, { ...field, type, sign, endian });
};

export const bitFunctions: readonly FunctionEntry[] = [
  define({
    name: 'subbits',
    parameters: [
      bytes('bytes'),
      integer('start'),
      optional(integer('length')),
      optional(oneOf('type', types)),
      optional(oneOf('sign', signs)),
      optional(oneOf('endian', endians)),
    ],
    returns: 'integer | float | bytes',
    description:
      '`length` bits from bit `start` (the first is 1) as a number. With two arguments the second is the length, from the first bit. Undefined if the field begins past the end.',
    examples: [
      ["subbits(hexstr2bin('9F4E58'), 8)", 159],
      ["subbits(hexstr2bin('9F4E58'), 9, 4)", 4],
      ["subbits(hexstr2bin('9F4E58'), 1, 12, 'integer', 'unsigned', 'little')", 1183],
      ["subbits(hexstr2bin('FF'), 1, 8, 'integer', 'signed')", -1],
      ["subbits(hexstr2bin('3FC00000'), 1, 32, 'float')", 1.5],
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
    parameters: [bytes('bytes')],
    returns: 'integer',
    description: 'How many bytes there are.',
    examples: [["bytesize('ü')", 2]],
    call: ([data]) => data.length,
  }),
  define({
    name: 'bitsize',
    parameters: [bytes('bytes')],
    returns: 'integer',
    description: 'How many bits there are.',
    examples: [["bitsize('ab')", 16]],
    call: ([data]) => data.length * 8,
  }),
];
