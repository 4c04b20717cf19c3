/**
 * Who published a message, as bytes of its record: JSON of what the columns of rules are made of. A column that is added later needs no other format, and
 * a record without one was written before.
 */
import type { Publisher } from '../../rules/message.ts';
import { KeptBytes } from '../mqtt/kept-bytes.ts';

const none: Buffer = Buffer.alloc(0);
/** A client publishes many messages with the same object. */
const encoded = new WeakMap<Publisher, Buffer>();
let last: Publisher | undefined;
let lastBytes: Buffer = none;

/** Empty for a publisher that is not known. */
export function bytesOfPublisher(publisher: Publisher | undefined): Buffer {
  if (publisher === undefined) return none;
  if (publisher === last) return lastBytes;
  let bytes = encoded.get(publisher);
  if (bytes === undefined) {
    bytes = Buffer.from(JSON.stringify(publisher));
    encoded.set(publisher, bytes);
  }
  last = publisher;
  lastBytes = bytes;
  return bytes;
}

const slots = 8192;
const longest = 512;

export class Publishers {
  readonly #kept = new KeptBytes<Publisher | undefined>(slots, longest, decode);

  find(buffer: Buffer, start: number, end: number): Publisher | undefined {
    return start === end ? undefined : this.#kept.find(buffer, start, end);
  }
}

function decode(buffer: Buffer, start: number, end: number): Publisher | undefined {
  try {
    const value: unknown = JSON.parse(buffer.toString('utf8', start, end));
    return typeof value === 'object' && value !== null ? (value as Publisher) : undefined;
  } catch {
    return undefined;
  }
}
