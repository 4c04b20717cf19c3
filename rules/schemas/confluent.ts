/**
 * The wire format of Confluent's registry: a zero, the schema's id in four bytes, and the message. With Protobuf the path to the message's type
 * stands between: how many steps, then for each its position among the messages there, all in zig-zag coding; one zero byte is the first.
 * Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
import { Refusal } from '../refusal.ts';

export const headerBytes = 5;

/** The id of the schema that a message says it was written with. Throws Refusal. */
export const schemaIdOf = (bytes: Buffer): number => {
  if (bytes.length < headerBytes)
    throw new Refusal(`the bytes have no schema id: there are ${bytes.length}, it takes 5`);
  if (bytes[0] !== 0) throw new Refusal(`the bytes have no schema id: they begin with ${bytes[0]}, not with 0`);
  return bytes.readUInt32BE(1);
};

export const tagged = (id: number, message: Buffer): Buffer => {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, message]);
};

export interface TypePath {
  readonly positions: readonly number[];
  /** Where the message itself begins. */
  readonly end: number;
}

/** @param at where the path begins. Throws Refusal. */
export const readTypePath = (bytes: Buffer, at: number): TypePath => {
  const cursor = { bytes, at };
  const steps = readNumber(cursor);
  if (steps === 0) return { positions: [0], end: cursor.at };
  if (steps < 0 || steps > bytes.length) throw new Refusal('the path to the type of message makes no sense');
  const positions = Array.from({ length: steps }, () => readNumber(cursor));
  return { positions, end: cursor.at };
};

export const writeTypePath = (positions: readonly number[]): Buffer => {
  if (positions.length === 1 && positions[0] === 0) return Buffer.of(0);
  return Buffer.from([positions.length, ...positions].flatMap(numberBytes));
};

const readNumber = (cursor: { readonly bytes: Buffer; at: number }): number => {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  throw new Refusal('the path to the type of message ends too early');
};

const numberBytes = (value: number): number[] => {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
};

/** The message that a path leads to, by its name; undefined if there is none. @param names in their order, `Outer.Inner` after `Outer` */
export const typeAt = (names: readonly string[], positions: readonly number[]): string | undefined => {
  let outer = '';
  for (const [step, position] of positions.entries()) {
    const found = namesWithin(names, outer)[position];
    if (found === undefined) return undefined;
    if (step === positions.length - 1) return found;
    outer = `${found}.`;
  }
  return undefined;
};

/** The path to a message that is among `names`. */
export const pathTo = (names: readonly string[], name: string): number[] =>
  name.split('.').map((_, step, words) => {
    const outer = words
      .slice(0, step)
      .map(word => `${word}.`)
      .join('');
    return namesWithin(names, outer).indexOf(words.slice(0, step + 1).join('.'));
  });

const namesWithin = (names: readonly string[], outer: string): readonly string[] =>
  names.filter(name => name.startsWith(outer) && !name.slice(outer.length).includes('.'));
