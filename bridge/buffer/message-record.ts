/**
 * One MQTT message as bytes: a record of a batch (batch.ts).
 *
 * All numbers are little-endian; a record begins at a multiple of four bytes.
 *
 *     word 0   bytes of the record, this header and the padding included
 *     word 1   CRC-32C of word 2 to the end
 *     word 2   id, lower 32 bits
 *     word 3   id, upper 21 bits
 *     word 4   when it was read, milliseconds since 1970, lower 32 bits
 *     word 5   the same, upper 16 bits; bytes of the topic in the upper half
 *     word 6   bytes of the MQTT 5 properties
 *     word 7   bytes of the payload
 *     word 8   the first byte of the PUBLISH: DUP, QoS, RETAIN; bytes of its publisher above that
 *     word 9   bytes of the whole packet if only its beginning was taken, otherwise 0
 *     word 10  bytes of its payload that are not here
 *     then     topic, properties, payload, publisher (publishers.ts), and zeros up to a multiple of four
 *
 * Ids grow by one from message to message, over all files. A gap is therefore exactly what is missing.
 */
import type { MqttMessage } from '../mqtt/message.ts';
import type { Topics } from '../mqtt/topics.ts';
import { crc32cOfWords } from './crc32c-words.ts';
import { bytesOfPublisher, type Publishers } from './publishers.ts';

const headerWords = 11;
export const recordHeaderBytes = headerWords * 4;
const idBase = 2 ** 32;

/** A UTF-16 unit is three bytes at most. */
export const mostRecordBytes = (message: MqttMessage): number =>
  recordHeaderBytes +
  message.topic.length * 3 +
  (message.propertiesEnd - message.propertiesStart) +
  (message.payloadEnd - message.payloadStart) +
  bytesOfPublisher(message.publisher).length +
  3;

/** Writes a record at `start` of memory that has room for it. Returns where it ends. */
export function writeRecord(
  buffer: Buffer,
  words: Int32Array,
  start: number,
  message: MqttMessage,
  id: number,
): number {
  const at = start + recordHeaderBytes;
  const topicBytes = buffer.write(message.topic, at);
  const propertiesAt = at + topicBytes;
  const propertiesBytes = message.propertiesEnd - message.propertiesStart;
  if (propertiesBytes > 0) message.buffer.copy(buffer, propertiesAt, message.propertiesStart, message.propertiesEnd);
  const payloadAt = propertiesAt + propertiesBytes;
  const payloadBytes = message.payloadEnd - message.payloadStart;
  message.buffer.copy(buffer, payloadAt, message.payloadStart, message.payloadEnd);
  const publisher = bytesOfPublisher(message.publisher);
  publisher.copy(buffer, payloadAt + payloadBytes);
  let end = payloadAt + payloadBytes + publisher.length;
  while ((end & 3) !== 0) buffer[end++] = 0;
  const word = start >> 2;
  words[word] = end - start;
  words[word + 2] = id;
  words[word + 3] = id / idBase;
  words[word + 4] = message.timestamp;
  words[word + 5] = (message.timestamp / idBase) | (topicBytes << 16);
  words[word + 6] = propertiesBytes;
  words[word + 7] = payloadBytes;
  words[word + 8] = message.flags | (publisher.length << 8);
  words[word + 9] = message.oversizeBytes;
  words[word + 10] = message.missingBytes;
  words[word + 1] = crc32cOfWords(words, word + 2, end >> 2);
  return end;
}

export const recordBytes = (words: Int32Array, start: number): number => words[start >> 2]!;

export const recordId = (words: Int32Array, start: number): number =>
  (words[(start >> 2) + 2]! >>> 0) + words[(start >> 2) + 3]! * idBase;

/** When its message was read, milliseconds since 1970. */
export const recordTime = (words: Int32Array, start: number): number =>
  (words[(start >> 2) + 4]! >>> 0) + (words[(start >> 2) + 5]! & 0xffff) * idBase;

/** Whether the bytes from `start` on are a record as it was written, which ends at `end` or before. */
export function isRecord(words: Int32Array, start: number, end: number): boolean {
  const bytes = recordBytes(words, start);
  if (bytes < recordHeaderBytes || (bytes & 3) !== 0 || start + bytes > end) return false;
  const word = start >> 2;
  return words[word + 1] === crc32cOfWords(words, word + 2, (start + bytes) >> 2);
}

/** What is found again by its bytes. */
export interface Known {
  readonly topics: Topics;
  readonly publishers: Publishers;
}

/** Points `message` at the record at `start`. Its bytes are valid for as long as those of the buffer. */
export function readRecord(
  buffer: Buffer,
  words: Int32Array,
  start: number,
  message: MqttMessage,
  { topics, publishers }: Known,
): void {
  const word = start >> 2;
  const topicAt = start + recordHeaderBytes;
  const propertiesAt = topicAt + (words[word + 5]! >>> 16);
  const payloadAt = propertiesAt + words[word + 6]!;
  const flags = words[word + 8]! & 0xff;
  const publisherBytes = words[word + 8]! >>> 8;
  message.buffer = buffer;
  message.topic = topics.find(buffer, topicAt, propertiesAt);
  message.propertiesStart = propertiesAt;
  message.propertiesEnd = payloadAt;
  message.payloadStart = payloadAt;
  message.payloadEnd = payloadAt + words[word + 7]!;
  message.flags = flags;
  message.qos = ((flags >> 1) & 3) as 0 | 1 | 2;
  message.oversizeBytes = words[word + 9]!;
  message.missingBytes = words[word + 10]!;
  message.timestamp = recordTime(words, start);
  message.named.read(buffer, propertiesAt, payloadAt);
  message.publisher = publishers.find(buffer, message.payloadEnd, message.payloadEnd + publisherBytes);
}

/** The parts of a record that is no message: its number of a byte, and views of what messages have as properties and payload. */
export function partsOf(buffer: Buffer, words: Int32Array, start: number) {
  const word = start >> 2;
  const headAt = start + recordHeaderBytes + (words[word + 5]! >>> 16);
  const bodyAt = headAt + words[word + 6]!;
  return {
    kind: words[word + 8]! & 0xff,
    head: buffer.subarray(headAt, bodyAt),
    body: buffer.subarray(bodyAt, bodyAt + words[word + 7]!),
  };
}
