/**
 * The topic strings of a session: decoded and checked once for each distinct topic, then found again by their bytes.
 *
 * Devices publish to the same topics over and over. Finding the string again costs a hash and a comparison of some thirty bytes, four at a
 * time; decoding makes a string each time, and a new string has to be hashed again to be looked up in a Map.
 */
import { isUtf8 } from 'node:buffer';
import type { MkbError } from '../../api/errors.ts';
import { KeptBytes } from './kept-bytes.ts';
import type { MqttMessage } from './message.ts';
import { decodeProperties } from './properties.ts';
import { violation } from './violation.ts';

const slots = 65_536;
/** Bytes: with the slots a few MiB. */
const longestKept = 128;

export class Topics {
  readonly #kept = new KeptBytes<string>(slots, longestKept, decode);

  /**
   * The topic in `buffer` from `start` to `end`.
   * Throws `mqtt-protocol-error` if it has no characters, and unless it is valid UTF-8 [MQTT-1.5.4-1] without NUL [MQTT-1.5.4-2] and wildcards
   * [MQTT-3.3.2-2].
   */
  find(buffer: Buffer, start: number, end: number, message?: MqttMessage): string {
    if (start === end) throw noTopic(message);
    return this.#kept.find(buffer, start, end);
  }
}

/** A topic of no characters means a topic alias, and we announce that we take none [MQTT-3.1.2-26]. */
function noTopic(message: MqttMessage | undefined): MkbError {
  const named = message && decodeProperties(message.buffer, message.propertiesStart, message.propertiesEnd).named;
  if (named?.['Topic-Alias'] !== undefined)
    return violation(0x94, 'a PUBLISH uses a topic alias, and none was allowed');
  return violation(0x82, 'a PUBLISH has no topic');
}

const wildcard = /[+#]/;

function decode(buffer: Buffer, start: number, end: number): string {
  const topic = buffer.toString('utf8', start, end);
  // Decoding puts U+FFFD where bytes are not UTF-8. A topic may also hold that character itself.
  if (topic.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) {
    throw violation(0x81, 'the topic of a PUBLISH is not UTF-8');
  }
  if (topic.includes('\0')) throw violation(0x81, 'the topic of a PUBLISH has NUL in it');
  if (wildcard.test(topic))
    throw violation(0x90, `the topic ${JSON.stringify(topic.slice(0, 200))} of a PUBLISH has a wildcard`);
  return topic;
}
