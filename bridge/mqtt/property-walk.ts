/**
 * A walk over the properties of a PUBLISH (MQTT 5, 3.3.2.3) where they lie in the packet: positions are left in fields, and no object is made for
 * any of them.
 */
import { violation } from './violation.ts';

/** Identifiers of properties (MQTT 5, 2.2.2.2). */
export const property = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 2,
  contentType: 3,
  responseTopic: 8,
  correlationData: 9,
  subscriptionIdentifier: 11,
  topicAlias: 35,
  userProperty: 38,
} as const;

export class PropertyWalk {
  buffer: Buffer = Buffer.alloc(0);
  /** The number that the property is, if it is one. */
  number = 0;
  /** Its bytes, if it is text or bytes: the value of a user property. */
  start = 0;
  end = 0;
  /** The name of a user property. */
  nameStart = 0;
  nameEnd = 0;
  #position = 0;
  #last = 0;

  /** Begins with the properties from `start` to `end`, without their length. */
  begin(buffer: Buffer, start: number, end: number): this {
    this.buffer = buffer;
    this.#position = start;
    this.#last = end;
    return this;
  }

  /** Goes to the next property and returns its identifier; 0 behind the last. Throws `mqtt-protocol-error` for one that is unknown or cut off. */
  next(): number {
    if (this.#position >= this.#last) return 0;
    const id = this.#byte();
    switch (id) {
      case property.payloadFormatIndicator:
        this.number = this.#byte();
        return id;
      case property.messageExpiryInterval:
        this.number = this.buffer.readUInt32BE(this.#take(4));
        return id;
      case property.topicAlias:
        this.number = this.#uint16();
        return id;
      case property.subscriptionIdentifier:
        this.number = this.#varint();
        return id;
      case property.contentType:
      case property.responseTopic:
      case property.correlationData:
        this.#bytes();
        return id;
      case property.userProperty:
        this.#bytes();
        this.nameStart = this.start;
        this.nameEnd = this.end;
        this.#bytes();
        return id;
      default:
        throw violation(0x81, `a PUBLISH has a property 0x${id.toString(16)} that the standard does not know`);
    }
  }

  /** The property's text. */
  text(): string {
    return this.buffer.toString('utf8', this.start, this.end);
  }

  /** The name of a user property. */
  name(): string {
    return this.buffer.toString('utf8', this.nameStart, this.nameEnd);
  }

  #bytes(): void {
    const length = this.#uint16();
    this.start = this.#take(length);
    this.end = this.#position;
  }

  #byte(): number {
    return this.buffer[this.#take(1)] as number;
  }

  #uint16(): number {
    return this.buffer.readUInt16BE(this.#take(2));
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw violation(0x81, 'a PUBLISH has a property with a number of more than four bytes');
  }

  #take(bytes: number): number {
    const start = this.#position;
    if (start + bytes > this.#last) throw violation(0x81, 'the properties of a PUBLISH are cut off');
    this.#position = start + bytes;
    return start;
  }
}
