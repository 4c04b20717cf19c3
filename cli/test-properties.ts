/** The MQTT 5 properties of the message of a test, as they stand in a PUBLISH (MQTT 5, 3.3.2.3). */
import type { TestMessage } from '../api/schema/rule-tests.ts';
import { bytesOf } from '../api/written-bytes.ts';
import { property } from '../bridge/mqtt/property-walk.ts';

export const propertiesOf = (message: TestMessage): Buffer => {
  const { contentType, responseTopic, correlationData, messageExpiry, payloadFormat, userProperties = [] } = message;
  const parts: Buffer[] = [];
  const add = (id: number, value: Buffer) => parts.push(Buffer.of(id), value);
  if (payloadFormat !== undefined) add(property.payloadFormatIndicator, Buffer.of(payloadFormat === 'utf8' ? 1 : 0));
  if (messageExpiry !== undefined) add(property.messageExpiryInterval, uint32(messageExpiry));
  if (contentType !== undefined) add(property.contentType, sized(contentType));
  if (responseTopic !== undefined) add(property.responseTopic, sized(responseTopic));
  if (correlationData !== undefined) add(property.correlationData, sized(bytesOf(correlationData)!));
  for (const { name, value } of userProperties) add(property.userProperty, Buffer.concat([sized(name), sized(value)]));
  return Buffer.concat(parts);
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Its length in two bytes, then itself [MQTT-1.5.4]. */
const sized = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
