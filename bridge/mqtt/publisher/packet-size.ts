/** How large the parts of a PUBLISH are (MQTT 5, 3.3). */
import type { Publication } from './publication.ts';

/** What is said of a message on one connection, beside what it is. Properties are of MQTT 5 alone. */
export interface Transmission {
  readonly version: '5' | '3.1.1';
  /** Message Expiry Interval: what is left of it. */
  readonly expirySeconds?: number | undefined;
  /** Topic Alias, 1 and up. */
  readonly alias?: number | undefined;
  /** Whether the server knows what topic the alias is of: the topic is left out. */
  readonly aliasKnown?: boolean;
  /** What a client has called its subscriptions that the message is for. */
  readonly subscriptionIds?: readonly number[] | undefined;
}

const stringBytes = (text: string): number => 2 + Buffer.byteLength(text);

/** Each property is its identifier and its value; strings and binary data stand behind their lengths. */
export function propertyBytes(
  publication: Publication,
  { expirySeconds, alias, subscriptionIds }: Transmission,
): number {
  const { payloadFormat, contentType, responseTopic, correlationData, userProperties } = publication;
  let bytes = 0;
  if (payloadFormat !== undefined) bytes += 2;
  if (expirySeconds !== undefined) bytes += 5;
  if (contentType !== undefined) bytes += 1 + stringBytes(contentType);
  if (responseTopic !== undefined) bytes += 1 + stringBytes(responseTopic);
  if (correlationData !== undefined) bytes += 3 + correlationData.length;
  if (alias !== undefined) bytes += 3;
  if (subscriptionIds !== undefined) for (const id of subscriptionIds) bytes += 1 + lengthOfLength(id);
  for (const [name, value] of userProperties) bytes += 1 + stringBytes(name) + stringBytes(value);
  return bytes;
}

/** Bytes behind the fixed header. */
export function remainingLength(publication: Publication, transmission: Transmission, withPacketId: boolean): number {
  const { topic, payload } = publication;
  const properties = transmission.version === '5' ? propertyBytes(publication, transmission) : undefined;
  const propertyPart = properties === undefined ? 0 : lengthOfLength(properties) + properties;
  const topicPart = transmission.aliasKnown === true ? 2 : stringBytes(topic);
  return topicPart + (withPacketId ? 2 : 0) + propertyPart + payload.length;
}

/** Bytes of a variable byte integer (MQTT 5, 1.5.5). */
export function lengthOfLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}
