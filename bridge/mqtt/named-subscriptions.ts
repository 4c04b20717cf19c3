/**
 * The Subscription Identifiers that a PUBLISH names (MQTT 5, 3.3.2.3.8): for which of our subscriptions this copy of the message is.
 *
 * Read for every message, so it is one object that is filled again each time, and no other property is decoded. A packet whose
 * properties are malformed names none here; decoding them (properties.ts) says what is wrong.
 */

/** A copy that names more is taken for one that names none: then every rule gets it. */
const most = 1024;

export class NamedSubscriptions {
  /** How many are named. */
  count = 0;
  /** The first `count` count. */
  identifiers = new Uint32Array(8);

  includes(identifier: number): boolean {
    for (let at = 0; at < this.count; at++) if (this.identifiers[at] === identifier) return true;
    return false;
  }

  /** Reads the properties in `buffer` from `start` to `end`, without their length. */
  read(buffer: Buffer, start: number, end: number): void {
    this.count = 0;
    if (!this.#readAll(buffer, start, end)) this.count = 0;
  }

  /** Returns whether the properties could be read to their end. */
  #readAll(buffer: Buffer, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      const property = buffer[at++] as number;
      at = property === subscriptionIdentifier ? this.#add(buffer, at, end) : skip(buffer, property, at, end);
      if (at > end) return false;
    }
    return true;
  }

  /** Keeps only what `keep` says yes to. */
  narrow(keep: ReadonlySet<number>): void {
    let kept = 0;
    for (let at = 0; at < this.count; at++) {
      const identifier = this.identifiers[at] as number;
      if (keep.has(identifier)) this.identifiers[kept++] = identifier;
    }
    this.count = kept;
  }

  copy(): NamedSubscriptions {
    const copy = new NamedSubscriptions();
    copy.count = this.count;
    copy.identifiers = this.identifiers.slice();
    return copy;
  }

  /** Adds the identifier at `at`. Returns where it ends; beyond `end` when it is cut off, not valid or one too many. */
  #add(buffer: Buffer, at: number, end: number): number {
    let identifier = 0;
    let next = at;
    for (let byte = 0x80; byte > 0x7f; next++) {
      const shift = (next - at) * 7;
      if (next >= end || shift > 21) return end + 1;
      byte = buffer[next] as number;
      identifier |= (byte & 0x7f) << shift;
    }
    if (identifier === 0 || this.count === most) return end + 1;
    this.#push(identifier);
    return next;
  }

  #push(identifier: number): void {
    if (this.count === this.identifiers.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.identifiers);
      this.identifiers = larger;
    }
    this.identifiers[this.count++] = identifier;
  }
}

const subscriptionIdentifier = 0x0b;

/** Where a property's value ends; beyond `end` when it is cut off or not known. */
function skip(buffer: Buffer, property: number, at: number, end: number): number {
  switch (property) {
    case 0x01: // Payload Format Indicator
      return at + 1;
    case 0x02: // Message Expiry Interval
      return at + 4;
    case 0x23: // Topic Alias
      return at + 2;
    case 0x03: // Content Type
    case 0x08: // Response Topic
    case 0x09: // Correlation Data
      return skipText(buffer, at, end);
    case 0x26: // User Property
      return skipText(buffer, skipText(buffer, at, end), end);
    default:
      return end + 1;
  }
}

function skipText(buffer: Buffer, at: number, end: number): number {
  if (at + 2 > end) return end + 1;
  return at + 2 + (((buffer[at] as number) << 8) | (buffer[at + 1] as number));
}
