/**
 * What a server has to look at in a PUBLISH of a client before it takes it: topic aliases, properties, flags. A client that breaks the
 * rules is disconnected with the code that the standard has for it.
 *
 * It runs for each message, so it makes no objects: one walk serves all clients, and a client has a table of aliases only if it uses some.
 */
import { isUtf8 } from 'node:buffer';
import type { TopicFinder } from '../mqtt/frames.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { PropertyWalk, property } from '../mqtt/property-walk.ts';
import type { Topics } from '../mqtt/topics.ts';
import { violation } from '../mqtt/violation.ts';

/** How many topic aliases a client may have. */
export const topicAliasMaximum = 32;

const walk = new PropertyWalk();

export class PublishRules implements TopicFinder {
  readonly #topics: Topics;
  #aliases: (string | undefined)[] | undefined;

  /** @param topics shared by all clients */
  constructor(topics: Topics) {
    this.#topics = topics;
  }

  find(buffer: Buffer, start: number, end: number, message: MqttMessage): string {
    // [MQTT-3.3.1-2]
    if (message.qos === 0 && message.dup) throw violation(0x81, 'a PUBLISH of QoS 0 has DUP set');
    const alias = message.propertiesStart < message.propertiesEnd ? this.#aliasOf(message) : 0;
    if (alias === 0) return this.#topics.find(buffer, start, end, message);
    if (alias > topicAliasMaximum) throw violation(0x94, `a PUBLISH has the topic alias ${alias}`);
    if (start < end) {
      this.#aliases ??= [];
      const topic = this.#topics.find(buffer, start, end, message);
      this.#aliases[alias] = topic;
      return topic;
    }
    const topic = this.#aliases?.[alias];
    // [MQTT-3.3.2-7]: a protocol error.
    if (topic === undefined) throw violation(0x82, `a PUBLISH has the topic alias ${alias}, which stands for nothing`);
    return topic;
  }

  /** The topic alias, 0 if there is none. Throws for properties that a client may not send, or twice, or not so. */
  #aliasOf({ buffer, propertiesStart, propertiesEnd }: MqttMessage): number {
    let alias = 0;
    let seen = 0;
    walk.begin(buffer, propertiesStart, propertiesEnd);
    for (let id = walk.next(); id !== 0; id = walk.next()) {
      if (id === property.userProperty) {
        checkText(buffer, walk.nameStart, walk.nameEnd);
        checkText(buffer, walk.start, walk.end);
        continue;
      }
      const bit = id === property.topicAlias ? 1 : 1 << id; // No other has a number above 11.
      if ((seen & bit) !== 0) throw violation(0x82, `a PUBLISH has the property 0x${id.toString(16)} twice`);
      seen |= bit;
      if (id === property.topicAlias) alias = checkAlias(walk.number);
      else check(id);
    }
    return alias;
  }
}

/** Looks at the property that the walk is at. */
function check(id: number): void {
  const { buffer, number, start, end } = walk;
  // [MQTT-3.3.4-6]
  if (id === property.subscriptionIdentifier) throw violation(0x82, 'a PUBLISH has a subscription identifier');
  if (id === property.payloadFormatIndicator && number > 1)
    throw violation(0x82, `a PUBLISH has the payload format ${number}`);
  if (id === property.contentType || id === property.responseTopic) checkText(buffer, start, end);
  if (id === property.responseTopic) checkNoWildcard(buffer, start, end);
}

function checkAlias(alias: number): number {
  if (alias === 0) throw violation(0x94, 'a PUBLISH has the topic alias 0');
  return alias;
}

function checkText(buffer: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    const byte = buffer[at] as number;
    if (byte === 0) throw violation(0x81, 'a property of a PUBLISH has NUL in it');
    if (byte < 0x80) continue;
    // Rare, and worth a view.
    if (!isUtf8(buffer.subarray(start, end))) throw violation(0x81, 'a property of a PUBLISH is not UTF-8');
    if (buffer.subarray(at, end).includes(0)) throw violation(0x81, 'a property of a PUBLISH has NUL in it');
    return;
  }
}

function checkNoWildcard(buffer: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at++)
    if (buffer[at] === 0x2b || buffer[at] === 0x23) throw violation(0x82, 'a response topic has a wildcard');
}
