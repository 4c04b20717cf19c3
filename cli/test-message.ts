/** The message that a test describes, as the bridge would hand it to a rule. */

import type { TestMessage } from '../api/schema/rule-tests.ts';
import { bytesOf } from '../api/written-bytes.ts';
import { MqttMessage } from '../bridge/mqtt/message.ts';
import { type BridgeEvent, eventPrefix } from '../rules/events.ts';
import { exampleEvent, readsEvent } from '../rules/example-event.ts';
import { capturesIn } from '../rules/example-message.ts';
import { exampleRecord, kafkaPrefix, recordCaptures } from '../rules/example-record.ts';
import type { KafkaRecord } from '../rules/message.ts';
import type { Captures, Rule } from '../rules/rule.ts';
import { newMap } from '../rules/value.ts';
import { propertiesOf } from './test-properties.ts';

/** Captures of the first name of FROM that matches the message's topic; undefined if none does, so that the rule never sees it. */
export const capturesOf = (rule: Rule, { topic }: TestMessage): Captures | undefined => {
  if (readsEvent(rule, topic)) return [];
  return recordCaptures(rule, topic) ?? capturesIn(rule, topic);
};

/** The message of a test; what it does not say is as in an MQTT 5 PUBLISH that a broker forwards. */
export const messageOf = (message: TestMessage): MqttMessage | KafkaRecord | BridgeEvent => {
  if (message.topic.startsWith(eventPrefix)) return eventOf(message);
  return message.topic.startsWith(kafkaPrefix) ? recordOf(message) : publishOf(message);
};

const publishOf = (message: TestMessage): MqttMessage => {
  const { topic, payload = '', qos, retain, ...rest } = message;
  const properties = propertiesOf(message);
  const bytes = bytesOf(payload)!;
  const packet = {
    topic,
    qos,
    flags: 0x30 | (qos << 1) | Number(retain),
    arrival: 0,
    timestamp: rest.timestamp,
    buffer: Buffer.concat([properties, bytes]),
    propertiesEnd: properties.length,
    payloadStart: properties.length,
    payloadEnd: properties.length + bytes.length,
  };
  // A PUBLISH does not say who sent it; where the bridge is the server, it knows.
  const { clientid, username, clientAttrs } = rest;
  const from = { peerhost: undefined, peername: undefined, clean_start: undefined, proto_ver: undefined };
  const client_attrs = clientAttrs && Object.assign(newMap(), clientAttrs);
  const publisher = { clientid, username, client_attrs, ...from };
  return Object.assign(new MqttMessage('0'.repeat(8)), packet, { publisher });
};

const eventOf = ({ payload, userProperties = [], ...rest }: TestMessage): BridgeEvent =>
  exampleEvent({
    ...rest,
    payload: payload === undefined ? undefined : bytesOf(payload),
    facts: userProperties.map(({ name, value }) => [name, value]),
  });

const recordOf = ({ topic, key, payload, userProperties = [], timestamp }: TestMessage): KafkaRecord =>
  exampleRecord({
    topic,
    key: key === undefined ? undefined : bytesOf(key),
    value: payload === undefined ? undefined : bytesOf(payload),
    headers: userProperties.map(({ name, value }) => [name, value]),
    timestamp,
  });
