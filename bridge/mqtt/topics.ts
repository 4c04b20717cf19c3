/**
 * The topic strings of a session: decoded and checked once for each distinct topic, then found again by their bytes.
 *
 * Devices publish to the same topics over and over. Finding the string again costs a hash and a comparison of some thirty bytes;
 * decoding makes a string each time, and a new string has to be hashed again by whoever looks it up in a Map. Each hash has one
 * slot, and a newcomer takes it: bounded memory, no bookkeeping; a session with more topics than slots decodes some again.
 *
 * A kept topic is compared with bytes character by character. That is right only for ASCII, so others are decoded each time.
 */
import { isUtf8 } from 'node:buffer';
import { violation } from './violation.ts';

const slots = 65_536;
/** Bytes. A longer topic is decoded each time, so that the memory stays within a few MiB whatever is published. */
const longestKept = 128;

export class Topics {
  readonly #kept: string[] = new Array(slots).fill('');

  /**
   * The topic in `buffer` from `start` to `end`, at least one byte.
   * Throws `mqtt-protocol-error` unless it is valid UTF-8 [MQTT-1.5.4-1] without NUL [MQTT-1.5.4-2] and wildcards [MQTT-3.3.2-2].
   */
  find(buffer: Buffer, start: number, end: number): string {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (buffer[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const kept = this.#kept[slot] as string;
    if (kept.length === end - start && equals(kept, buffer, start)) return kept;
    const topic = decode(buffer, start, end);
    const isAscii = topic.length === end - start;
    if (isAscii && topic.length <= longestKept) this.#kept[slot] = topic;
    return topic;
  }
}

function equals(topic: string, buffer: Buffer, start: number): boolean {
  // From the end: topics of one installation differ there more often than at the start.
  for (let at = topic.length - 1; at >= 0; at--) if (topic.charCodeAt(at) !== buffer[start + at]) return false;
  return true;
}

const forbidden = /[\0+#]/;

function decode(buffer: Buffer, start: number, end: number): string {
  const topic = buffer.toString('utf8', start, end);
  // Decoding puts U+FFFD where bytes are not UTF-8. A topic may also hold that character itself.
  if (topic.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) {
    throw violation(0x81, 'the topic of a PUBLISH is not UTF-8');
  }
  if (forbidden.test(topic)) {
    throw violation(0x90, `the topic ${JSON.stringify(topic.slice(0, 200))} of a PUBLISH has a wildcard or NUL`);
  }
  return topic;
}
