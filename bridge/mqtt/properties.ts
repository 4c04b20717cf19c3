/**
 * The properties of a PUBLISH (MQTT 5, 3.3.2.3), decoded only when a rule asks for them.
 *
 * They carry the names that EMQX's rules use. A property of the standard is set once; User-Property keeps order and duplicates
 * as pairs, and is a map (the last of a name wins) only where a rule wants a map.
 */
import { violation } from './violation.ts';

export interface PublishProperties {
  /** Null prototype: a user property may be called `__proto__`. */
  readonly named: Readonly<Record<string, unknown>>;
  readonly user: readonly (readonly [name: string, value: string])[];
}

export const noProperties: PublishProperties = {
  named: Object.freeze(Object.create(null) as Record<string, unknown>),
  user: [],
};

type Decode = (cursor: Cursor) => unknown;

const properties: Readonly<Record<number, readonly [name: string | undefined, decode: Decode]>> = {
  1: ['Payload-Format-Indicator', cursor => cursor.byte()],
  2: ['Message-Expiry-Interval', cursor => cursor.uint32()],
  3: ['Content-Type', cursor => cursor.text()],
  8: ['Response-Topic', cursor => cursor.text()],
  9: ['Correlation-Data', cursor => cursor.binary()],
  // Named in the packet by the server for us, and no property of the message: see named-subscriptions.ts.
  11: [undefined, cursor => cursor.varint()],
  35: ['Topic-Alias', cursor => cursor.uint16()],
};

const userProperty = 0x26;

/**
 * Decodes the properties in `buffer` from `start` to `end` (without their length). Everything in the result is copied.
 * Throws `mqtt-protocol-error` for an unknown property or one that is cut off.
 */
export function decodeProperties(buffer: Buffer, start: number, end: number): PublishProperties {
  if (start === end) return noProperties;
  const cursor = new Cursor(buffer, start, end);
  const named: Record<string, unknown> = Object.create(null);
  const user: (readonly [string, string])[] = [];
  while (cursor.position < end) {
    const id = cursor.byte();
    if (id === userProperty) {
      user.push([cursor.text(), cursor.text()]);
      continue;
    }
    const property = properties[id];
    if (!property)
      throw violation(0x81, `a PUBLISH has a property 0x${id.toString(16)} that the standard does not know`);
    const [name, decode] = property;
    const value = decode(cursor);
    if (name !== undefined) named[name] = value;
  }
  if (user.length > 0) nameUserProperties(named, user);
  return { named, user };
}

function nameUserProperties(named: Record<string, unknown>, user: readonly (readonly [string, string])[]): void {
  const map: Record<string, string> = Object.create(null);
  for (const [key, value] of user) map[key] = value;
  named['User-Property'] = map;
  named['User-Property-Pairs'] = user.map(([key, value]) => ({ key, value }));
}

class Cursor {
  readonly buffer: Buffer;
  readonly end: number;
  position: number;

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  byte(): number {
    return this.buffer[this.#take(1)] as number;
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.#take(4));
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw violation(0x81, 'a PUBLISH has a property with a number of more than four bytes');
  }

  text(): string {
    const length = this.uint16();
    const start = this.#take(length);
    return this.buffer.toString('utf8', start, start + length);
  }

  /** A copy: the buffer is the socket's and is overwritten by the next read. */
  binary(): Buffer {
    const length = this.uint16();
    const start = this.#take(length);
    return Buffer.from(this.buffer.subarray(start, start + length));
  }

  #take(bytes: number): number {
    const start = this.position;
    if (start + bytes > this.end) throw violation(0x81, 'the properties of a PUBLISH are cut off');
    this.position = start + bytes;
    return start;
  }
}
