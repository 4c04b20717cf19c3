/**
 * MQTT packets, found in what a socket read gives, and PUBLISH read where it lies.
 *
 * This is the hottest code of the bridge, so it pulls: the caller asks for the `next` packet and gets its type; there is no callback
 * and no object per packet. Positions are left in fields here, or in the session's one `MqttMessage` for a PUBLISH. All other
 * packets are rare and small; control-packets.ts decodes them from `bytes()`.
 *
 * A packet that is larger than we take is read all the same, because a server that sent it would send it again: the beginning is
 * kept, the rest is passed over.
 *
 * The surprising case is a packet that is split over reads. Its length is known after two to five bytes, so its bytes are gathered
 * in a buffer of just that length: each is copied once, however many reads it takes. A read's buffer may be reused by the
 * transport as soon as `next` has returned 0, because the start of a split packet has been copied by then.
 */
import type { MkbError } from '../../api/errors.ts';
import type { MqttMessage } from './message.ts';
import { Topics } from './topics.ts';
import { violation } from './violation.ts';

/** The type of a control packet: the upper half of its first byte (MQTT 5, 2.1.2). */
export const packetType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

/** Finds the topic of each PUBLISH: the text that it has, or that its alias stands for. */
export interface TopicFinder {
  /** The bytes of the topic in `buffer`, none with a topic alias. The message's flags, QoS and properties are set; its topic is not. */
  find(buffer: Buffer, start: number, end: number, message: MqttMessage): string;
}

const nothing: Buffer = Buffer.alloc(0);
/** Of a packet that is too large: what is gathered, enough for any topic, and what is handed over of its payload. */
const keptBytes = 128 * 1024;
const keptPayloadBytes = 64 * 1024;

export class FrameReader {
  readonly #message: MqttMessage;
  #version: '5' | '3.1.1';
  #maximumPacketSize: number;
  #topics: TopicFinder;

  #buffer: Buffer = nothing;
  #position = 0;
  #end = 0;
  /** Reads that came while an earlier one was not used up, oldest first. */
  #waiting: Buffer[] = [];
  /** The start of a packet whose length is not known yet: one to four bytes. */
  #header: Buffer = nothing;
  /** A split packet of known length that is being gathered, and how much of it is there. */
  #split: Buffer | undefined;
  #gathered = 0;
  /** Bytes of that packet which are passed over. */
  #toSkip = 0;
  /** Whether the buffer holds only the beginning of a packet. */
  #isCut = false;

  #packetStart = 0;
  #bodyStart = 0;

  /**
   * @param message pointed at each PUBLISH that `next` finds
   * @param maximumPacketSize bytes of a whole packet; of a larger PUBLISH only the beginning is handed over, and `oversizeBytes` says so
   */
  constructor(
    message: MqttMessage,
    version: '5' | '3.1.1',
    maximumPacketSize: number,
    topics: TopicFinder = new Topics(),
  ) {
    this.#message = message;
    this.#version = version;
    this.#maximumPacketSize = maximumPacketSize;
    this.#topics = topics;
  }

  /** Reads what comes from now on by other rules: those of the version that a client asks for. */
  turnTo(version: '5' | '3.1.1', maximumPacketSize: number, topics: TopicFinder): void {
    this.#version = version;
    this.#maximumPacketSize = maximumPacketSize;
    this.#topics = topics;
  }

  /** The type of the packet that `next` goes to, whole or not; 0 when nothing of it is there. */
  get coming(): number {
    if (this.#position < this.#end) return (this.#buffer[this.#position] as number) >> 4;
    const started = this.#split ?? (this.#header.length > 0 ? this.#header : this.#waiting[0]);
    return started === undefined ? 0 : (started[0] as number) >> 4;
  }

  /** Memory that a packet holds of which only a part is there, bytes. */
  get gatheredBytes(): number {
    return this.#split?.length ?? this.#header.length;
  }

  /** Takes the bytes of one socket read. They stay the reader's until `next` has returned 0. */
  append(chunk: Buffer): void {
    if (this.#position < this.#end || this.#waiting.length > 0) this.#waiting.push(chunk);
    else this.#take(chunk);
  }

  /**
   * Moves to the next whole packet and returns its type, or 0 when there is none yet.
   * Throws `mqtt-protocol-error` for a malformed packet; the reader is of no use after that.
   */
  next(): number {
    const buffer = this.#buffer;
    const start = this.#position;
    const end = this.#end;
    if (end - start < 2) return this.#keepStart(start, end, 0);
    let at = start + 2;
    let remaining = buffer[start + 1] as number;
    if (remaining > 0x7f) {
      const size = varintSize(buffer, start + 1, end);
      if (size === 0) return this.#keepStart(start, end, 0);
      at = start + 1 + size;
      remaining = varint(buffer, start + 1, size);
    }
    const packetEnd = at + remaining;
    if (packetEnd - start > this.#maximumPacketSize) return this.#oversize(start, at, packetEnd);
    if (packetEnd > end) return this.#keepStart(start, end, packetEnd - start);
    this.#packetStart = start;
    this.#bodyStart = at;
    this.#position = packetEnd;
    const type = (buffer[start] as number) >> 4;
    if (type === packetType.publish) this.#publish(buffer, start, at, packetEnd);
    // Otherwise it would be taken for the end of what came.
    else if (type === 0) throw violation(0x81, 'it sent a packet of type 0');
    return type;
  }

  /** As `next`, for a packet that is larger than we take. */
  #oversize(start: number, bodyStart: number, packetEnd: number): number {
    const buffer = this.#buffer;
    const message = this.#message;
    const bytes = packetEnd - start;
    if ((buffer[start] as number) >> 4 !== packetType.publish)
      throw violation(0x95, `it sent a packet of ${bytes} bytes that is no PUBLISH`);
    if (packetEnd > this.#end && !this.#isCut) return this.#keepStart(start, this.#end, bytes);
    this.#isCut = false;
    this.#packetStart = start;
    this.#bodyStart = bodyStart;
    this.#position = Math.min(packetEnd, this.#end);
    this.#publish(buffer, start, bodyStart, this.#position, packetEnd);
    message.oversizeBytes = bytes;
    const payloadBytes = packetEnd - message.payloadStart;
    message.payloadEnd = Math.min(message.payloadEnd, message.payloadStart + keptPayloadBytes);
    message.missingBytes = payloadBytes - (message.payloadEnd - message.payloadStart);
    return packetType.publish;
  }

  /** The bytes of the packet that `next` found last, its header included: valid until `next` is called again. */
  bytes(): Buffer {
    return this.#buffer.subarray(this.#packetStart, this.#position);
  }

  /**
   * The packet identifier of the PUBREL that `next` found last. Throws `mqtt-protocol-error` when it is malformed.
   * Its reason code is not looked at: whatever it says, the identifier is free now (MQTT 5, 4.3.3).
   */
  pubrelId(): number {
    const buffer = this.#buffer;
    const at = this.#bodyStart;
    if ((buffer[this.#packetStart] as number) !== 0x62) throw violation(0x81, 'the flags of a PUBREL are wrong');
    if (this.#position - at < 2) throw violation(0x81, 'a PUBREL has no packet identifier');
    return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
  }

  /** @param packetEnd where the packet ends, if that is not in the buffer */
  #publish(buffer: Buffer, start: number, bodyStart: number, end: number, packetEnd = end): void {
    const message = this.#message;
    const flags = buffer[start] as number;
    const qos = (flags >> 1) & 3;
    let at = bodyStart + 2;
    if (at > end) throw cutOff();
    const topicEnd = at + (((buffer[bodyStart] as number) << 8) | (buffer[bodyStart + 1] as number));
    if (topicEnd > end) throw cutOff();
    const topicStart = at;
    at = topicEnd;
    let packetId = 0;
    if (qos > 0) {
      if (qos === 3) throw violation(0x81, 'a PUBLISH has QoS 3');
      at += 2;
      if (at > end) throw cutOff();
      packetId = ((buffer[topicEnd] as number) << 8) | (buffer[topicEnd + 1] as number);
      if (packetId === 0) throw violation(0x82, 'a PUBLISH has the packet identifier 0');
    }
    message.propertiesStart = at;
    message.propertiesEnd = at;
    if (this.#version === '5') at = this.#skipProperties(buffer, at, end, packetEnd);
    message.buffer = buffer;
    message.flags = flags;
    message.qos = qos as 0 | 1 | 2;
    message.packetId = packetId;
    message.topic = this.#topics.find(buffer, topicStart, topicEnd, message);
    message.payloadStart = at;
    message.payloadEnd = end;
    message.oversizeBytes = 0;
    message.missingBytes = 0;
  }

  /** Notes where the properties are, and returns where they end. */
  #skipProperties(buffer: Buffer, start: number, end: number, packetEnd: number): number {
    const size = varintSize(buffer, start, end);
    if (size === 0) throw cutOff();
    const at = start + size;
    const length = varint(buffer, start, size);
    if (at + length > packetEnd) throw cutOff();
    // Properties that were passed over are none.
    if (at + length > end) return end;
    this.#message.propertiesStart = at;
    this.#message.propertiesEnd = at + length;
    return at + length;
  }

  #take(chunk: Buffer): void {
    if (this.#split !== undefined) this.#fill(this.#split, chunk);
    else if (this.#header.length > 0) {
      this.#lookAt(Buffer.concat([this.#header, chunk]));
      this.#header = nothing;
    } else this.#lookAt(chunk);
  }

  /** Adds to the split packet. When it is whole it is read from its own buffer first, and the rest of `chunk` after it. */
  #fill(split: Buffer, chunk: Buffer): void {
    const copied = chunk.copy(split, this.#gathered);
    this.#gathered += copied;
    const skipped = Math.min(chunk.length - copied, this.#toSkip);
    this.#toSkip -= skipped;
    if (this.#gathered < split.length || this.#toSkip > 0) return;
    this.#split = undefined;
    this.#lookAt(split);
    if (copied + skipped < chunk.length) this.#waiting.unshift(chunk.subarray(copied + skipped));
  }

  /**
   * Keeps the start of a split packet, and goes on with the next read if there is one.
   * @param packetBytes its whole length, or 0 while its header is not complete
   */
  #keepStart(start: number, end: number, packetBytes: number): number {
    if (packetBytes > 0) {
      const kept = packetBytes > this.#maximumPacketSize ? Math.min(packetBytes, keptBytes) : packetBytes;
      this.#split = Buffer.allocUnsafe(kept);
      this.#gathered = this.#buffer.copy(this.#split, 0, start, end);
      this.#isCut = kept < packetBytes;
      this.#toSkip = packetBytes - kept - (end - start - this.#gathered);
    } else if (start < end) {
      this.#header = Buffer.from(this.#buffer.subarray(start, end));
    }
    this.#lookAt(nothing);
    while (this.#waiting.length > 0) {
      this.#take(this.#waiting.shift() as Buffer);
      if (this.#end > 0) return this.next();
    }
    return 0;
  }

  #lookAt(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#position = 0;
    this.#end = buffer.length;
  }
}

/** How many bytes the variable byte integer at `at` has (MQTT 5, 1.5.5); 0 when it does not end before `end`. */
function varintSize(buffer: Buffer, at: number, end: number): number {
  for (let size = 1; size <= 4; size++) {
    if (at + size > end) return 0;
    if ((buffer[at + size - 1] as number) < 0x80) return size;
  }
  throw violation(0x81, 'it sent a length of more than four bytes');
}

function varint(buffer: Buffer, at: number, size: number): number {
  let value = 0;
  for (let index = size - 1; index >= 0; index--) value = (value << 7) | ((buffer[at + index] as number) & 0x7f);
  return value;
}

function cutOff(): MkbError {
  return violation(0x81, 'a PUBLISH is shorter than its parts');
}
