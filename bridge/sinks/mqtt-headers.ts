/**
 * What MQTT knows of a message, as headers of its record: topic, QoS, retain and, where FROM captures it, client id; every MQTT 5 property; and user
 * properties under their own names, in order and with duplicates.
 *
 * They are written as they stand in a batch. What a topic has in common is made once and remembered, and properties go from packet to batch byte by
 * byte, so there is no object for any of them. A user property that begins with `mqtt.` is left out: what the bridge says of a message is not the
 * publisher's to say.
 */
import type { Captures, Rule } from '../../rules/rule.ts';
import { lengthOfBytes, writeText } from '../kafka/headers.ts';
import type { RecordDraft } from '../kafka/record.ts';
import { writeVarint } from '../kafka/varint.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { PropertyWalk, property } from '../mqtt/property-walk.ts';

export const mqttHeaderPrefix = 'mqtt.';

/** Of properties that travel. A topic alias and a subscription identifier mean something on their own connection only. */
export const propertyHeaders: Readonly<Record<number, string>> = {
  [property.payloadFormatIndicator]: 'mqtt.payload-format-indicator',
  [property.messageExpiryInterval]: 'mqtt.message-expiry-interval',
  [property.contentType]: 'mqtt.content-type',
  [property.responseTopic]: 'mqtt.response-topic',
  [property.correlationData]: 'mqtt.correlation-data',
};

interface Facts {
  readonly bytes: Buffer;
  readonly count: number;
}

/** How many topics are remembered. Beyond that all are forgotten: a flood of topics costs time, not memory. */
const remembered = 10_000;
/** A header's two lengths, of at most three bytes each: no property is longer than 65,535 bytes. */
const lengths = 6;

export class MqttHeaders {
  /** By topic, and then by QoS and retain. */
  readonly #facts = new Map<string, (Facts | undefined)[]>();
  readonly #walk = new PropertyWalk();
  readonly #clientId: number;
  readonly #names = new Map<number, Buffer>();
  readonly #prefixes: readonly Buffer[];
  #scratch = Buffer.allocUnsafe(1024);

  /** @param others beginnings of further names that user properties must not have */
  constructor({ captureNames }: Pick<Rule, 'captureNames'>, others: readonly string[] = []) {
    this.#prefixes = [mqttHeaderPrefix, ...others].map(prefix => Buffer.from(prefix));
    this.#clientId = captureNames.indexOf('clientid');
    for (const [id, name] of Object.entries(propertyHeaders)) this.#names.set(Number(id), encodedName(name));
  }

  /** Gives the record the headers of its message. They are valid until the next call. Throws `mqtt-protocol-error` for malformed properties. */
  fill(record: RecordDraft, message: MqttMessage, captures: Captures): void {
    const { bytes, count } = this.#factsOf(message, captures);
    record.encoded = bytes;
    record.encodedBytes = bytes.length;
    record.encodedCount = count;
    if (message.propertiesStart !== message.propertiesEnd) this.#addProperties(record, message);
  }

  #factsOf(message: MqttMessage, captures: Captures): Facts {
    const { topic, qos, retain } = message;
    let ofTopic = this.#facts.get(topic);
    if (ofTopic === undefined) {
      if (this.#facts.size >= remembered) this.#facts.clear();
      ofTopic = [];
      this.#facts.set(topic, ofTopic);
    }
    const at = 2 * qos + (retain ? 1 : 0);
    ofTopic[at] ??= encodedFacts([
      ['mqtt.topic', topic],
      ['mqtt.qos', String(qos)],
      ['mqtt.retain', String(retain)],
      ['mqtt.clientid', captures[this.#clientId]],
    ]);
    return ofTopic[at];
  }

  #addProperties(record: RecordDraft, message: MqttMessage): void {
    const { buffer, propertiesStart, propertiesEnd } = message;
    const facts = record.encoded as Buffer;
    let offset = facts.copy(this.#room(facts.length), 0);
    const walk = this.#walk.begin(buffer, propertiesStart, propertiesEnd);
    for (let id = walk.next(); id !== 0; id = walk.next()) {
      const end = id === property.userProperty ? this.#addUser(offset) : this.#add(id, offset);
      if (end === offset) continue;
      offset = end;
      record.encodedCount++;
    }
    record.encoded = this.#scratch;
    record.encodedBytes = offset;
  }

  /** Returns where it ends; `offset` when it does not travel. */
  #add(id: number, offset: number): number {
    const name = this.#names.get(id);
    if (name === undefined) return offset;
    const { buffer, number, start, end } = this.#walk;
    const isNumber = id === property.payloadFormatIndicator || id === property.messageExpiryInterval;
    const scratch = this.#room(offset + name.length + lengths + end - start + 10);
    const at = offset + name.copy(scratch, offset);
    return isNumber ? writeText(scratch, String(number), at) : writeBytes(scratch, buffer, start, end, at);
  }

  #addUser(offset: number): number {
    const { buffer, nameStart, nameEnd, start, end } = this.#walk;
    for (const prefix of this.#prefixes) if (begins(buffer, nameStart, nameEnd, prefix)) return offset;
    const scratch = this.#room(offset + lengths + nameEnd - nameStart + end - start);
    const at = writeBytes(scratch, buffer, nameStart, nameEnd, offset);
    return writeBytes(scratch, buffer, start, end, at);
  }

  /** The scratch buffer, with room for so many bytes. */
  #room(bytes: number): Buffer {
    if (bytes <= this.#scratch.length) return this.#scratch;
    const larger = Buffer.allocUnsafe(2 * bytes);
    this.#scratch.copy(larger);
    this.#scratch = larger;
    return larger;
  }
}

function encodedFacts(facts: readonly (readonly [name: string, value: string | undefined])[]): Facts {
  const known = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
  const length = known.flat().reduce((sum, text) => sum + lengthOfBytes(Buffer.byteLength(text)), 0);
  const bytes = Buffer.alloc(length);
  let offset = 0;
  for (const text of known.flat()) offset = writeText(bytes, text, offset);
  return { bytes, count: known.length };
}

function encodedName(name: string): Buffer {
  const bytes = Buffer.alloc(lengthOfBytes(name.length));
  writeText(bytes, name, 0);
  return bytes;
}

function writeBytes(target: Buffer, source: Buffer, start: number, end: number, at: number): number {
  const offset = writeVarint(target, end - start, at);
  return offset + source.copy(target, offset, start, end);
}

const begins = (buffer: Buffer, start: number, end: number, prefix: Buffer): boolean =>
  end - start >= prefix.length && buffer.compare(prefix, 0, prefix.length, start, start + prefix.length) === 0;
