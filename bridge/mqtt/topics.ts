/**
 * The topic strings of a session: decoded and checked once for each distinct topic, then found again by their bytes.
 *
 * Devices publish to the same topics over and over. Finding the string again costs a hash and a comparison of some thirty bytes;
 * decoding makes a string each time, and a new string has to be hashed again by whoever looks it up in a Map. Each hash has one
 * slot, and a newcomer takes it: bounded memory, no bookkeeping, and a session with more topics than slots decodes some again.
 */
import { isUtf8 } from 'node:buffer';
import { violation } from './violation.ts';

const slots = 16_384;
/** A longer topic is decoded each time, so that the cache stays below a few MiB whatever is published. */
const longestKept = 256;

export class Topics {
  readonly #bytes: (Uint8Array | undefined)[] = new Array(slots).fill(undefined);
  readonly #topics: string[] = new Array(slots).fill('');

  /**
   * The topic in `buffer` from `start` to `end`.
   * Throws `mqtt-protocol-error` unless it is valid UTF-8 [MQTT-1.5.4-1] without NUL [MQTT-1.5.4-2] and wildcards [MQTT-3.3.2-2].
   */
  find(buffer: Uint8Array, start: number, end: number): string {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (buffer[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && known.length === end - start && equals(known, buffer, start)) {
      return this.#topics[slot] as string;
    }
    const topic = decode(buffer, start, end);
    if (end - start <= longestKept) {
      this.#bytes[slot] = Uint8Array.prototype.slice.call(buffer, start, end);
      this.#topics[slot] = topic;
    }
    return topic;
  }
}

function equals(known: Uint8Array, buffer: Uint8Array, start: number): boolean {
  // From the end: topics of one installation differ there more often than at the start.
  for (let at = known.length - 1; at >= 0; at--) if (known[at] !== buffer[start + at]) return false;
  return true;
}

const forbidden = /[\0+#]/;

function decode(buffer: Uint8Array, start: number, end: number): string {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start);
  if (!isUtf8(bytes)) throw violation(0x81, 'the topic of a PUBLISH is not UTF-8');
  const topic = bytes.toString();
  if (forbidden.test(topic))
    throw violation(0x90, `the topic ${JSON.stringify(topic)} of a PUBLISH has a wildcard or NUL`);
  return topic;
}
