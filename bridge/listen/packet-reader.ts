/** The fields of one packet of a client, one after the other. Whatever does not fit is `mqtt-protocol-error`, and so a reason code. */
import { isUtf8 } from 'node:buffer';
import { violation } from '../mqtt/violation.ts';

export class PacketReader {
  readonly #bytes: Buffer;
  /** For error messages: `CONNECT`. */
  readonly #packet: string;
  #position: number;
  #end: number;

  constructor(bytes: Buffer, start: number, packet: string) {
    this.#bytes = bytes;
    this.#packet = packet;
    this.#position = start;
    this.#end = bytes.length;
  }

  get position(): number {
    return this.#position;
  }

  get done(): boolean {
    return this.#position >= this.#end;
  }

  /** Throws if anything is left. */
  end(): void {
    if (!this.done) throw violation(0x81, `${this.#packet} is longer than its parts`);
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  /** 0 or 1, as many properties are. */
  flag(): boolean {
    const value = this.byte();
    if (value > 1) throw violation(0x82, `a property of ${this.#packet} is ${value} and must be 0 or 1`);
    return value === 1;
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** A variable byte integer (MQTT 5, 1.5.5). */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw violation(0x81, `${this.#packet} has a number of more than four bytes`);
  }

  /** Bytes behind their length: a view. */
  binary(): Buffer {
    const length = this.uint16();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Throws unless it is UTF-8 [MQTT-1.5.4-1] without NUL [MQTT-1.5.4-2]. */
  text(): string {
    const bytes = this.binary();
    const text = bytes.toString('utf8');
    if (text.includes('\ufffd') && !isUtf8(bytes)) throw violation(0x81, `a text of ${this.#packet} is not UTF-8`);
    if (text.includes('\0')) throw violation(0x81, `a text of ${this.#packet} has NUL in it`);
    return text;
  }

  /** The properties that come next, with a reader of their own. */
  properties(): PacketReader {
    const length = this.varint();
    const start = this.#take(length);
    const reader = new PacketReader(this.#bytes, start, this.#packet);
    reader.#end = start + length;
    return reader;
  }

  /** What was read from `start` on. */
  since(start: number): Buffer {
    return this.#bytes.subarray(start, this.#position);
  }

  #take(count: number): number {
    const start = this.#position;
    if (start + count > this.#end) throw violation(0x81, `${this.#packet} is shorter than its parts`);
    this.#position = start + count;
    return start;
  }
}
