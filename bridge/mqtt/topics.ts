/**
 * The topic strings of a session: decoded and checked once for each distinct topic, then found again by their bytes.
 *
 * Devices publish to the same topics over and over. Finding the string again costs a hash and a comparison of some thirty bytes, four at a
 * time; decoding makes a string each time, and a new string has to be hashed again to be looked up in a Map. Each hash has one
 * slot, and a newcomer takes it: bounded memory, no bookkeeping; a session with more topics than slots decodes some again.
 *
 * The bytes of kept topics lie in one large array, of which the system provides only the pages that are used.
 */
import { isUtf8 } from 'node:buffer';
import type { MkbError } from '../../api/errors.ts';
import type { MqttMessage } from './message.ts';
import { decodeProperties } from './properties.ts';
import { violation } from './violation.ts';

const slots = 65_536;
/** Bytes. A longer topic is decoded each time, so that the memory stays within a few MiB whatever is published. */
const longestKept = 128;

const noBytes: DataView = new DataView(new ArrayBuffer(0));

export class Topics {
  readonly #kept: string[] = new Array(slots).fill('');
  /** By slot, how many bytes the topic has, and the bytes. */
  readonly #lengths = new Uint8Array(slots);
  #bytes: DataView = noBytes;
  /** The buffer that a topic was found in last, as four bytes are read from it at once. */
  #buffer: Buffer | undefined;
  #view: DataView = noBytes;

  /**
   * The topic in `buffer` from `start` to `end`.
   * Throws `mqtt-protocol-error` if it has no characters, and unless it is valid UTF-8 [MQTT-1.5.4-1] without NUL [MQTT-1.5.4-2] and wildcards
   * [MQTT-3.3.2-2].
   */
  find(buffer: Buffer, start: number, end: number, message?: MqttMessage): string {
    if (start === end) throw noTopic(message);
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    }
    const slot = hash(this.#view, start, end) & (slots - 1);
    if (this.#lengths[slot] === end - start && equals(this.#bytes, slot * longestKept, this.#view, start, end))
      return this.#kept[slot] as string;
    const topic = decode(buffer, start, end);
    if (end - start <= longestKept) this.#keep(slot, topic, buffer.subarray(start, end));
    return topic;
  }

  #keep(slot: number, topic: string, bytes: Buffer): void {
    if (this.#bytes === noBytes) this.#bytes = new DataView(new ArrayBuffer(slots * longestKept));
    bytes.copy(new Uint8Array(this.#bytes.buffer), slot * longestKept);
    this.#lengths[slot] = bytes.length;
    this.#kept[slot] = topic;
  }
}

/** A topic of no characters means a topic alias, and we announce that we take none [MQTT-3.1.2-26]. */
function noTopic(message: MqttMessage | undefined): MkbError {
  const named = message && decodeProperties(message.buffer, message.propertiesStart, message.propertiesEnd).named;
  if (named?.['Topic-Alias'] !== undefined)
    return violation(0x94, 'a PUBLISH uses a topic alias, and none was allowed');
  return violation(0x82, 'a PUBLISH has no topic');
}

function hash(bytes: DataView, start: number, end: number): number {
  let value = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    value = Math.imul(value ^ bytes.getInt32(at), 0x5bd1e995);
    value ^= value >>> 15;
  }
  for (; at < end; at++) value = Math.imul(value ^ bytes.getUint8(at), 0x5bd1e995);
  return value ^ (value >>> 15);
}

function equals(kept: DataView, from: number, bytes: DataView, start: number, end: number): boolean {
  let at = start;
  for (; at + 4 <= end; at += 4) if (kept.getInt32(from + at - start) !== bytes.getInt32(at)) return false;
  for (; at < end; at++) if (kept.getUint8(from + at - start) !== bytes.getUint8(at)) return false;
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
