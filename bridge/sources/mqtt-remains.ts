/** What is noted of a message from MQTT, and what is left of one that failed, whether a broker or a client delivered it. */
import { MkbError } from '../../api/errors.ts';
import { sourceMatches } from '../../rules/mqtt-source.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Remains } from '../flow/letters.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Source } from '../flow/source.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import type { MqttMessage } from '../mqtt/message.ts';

/** What an object costs beside the bytes of its message. */
export const copyOverhead = 500;

export function rememberMqtt(message: MqttMessage, slot: number, to: Settlement<Source>): void {
  const { topic, qos, retain, publisher } = message;
  to.note(slot, topic, qos, retain, publisher?.clientid);
}

export function keepMqtt({ payload }: MqttMessage, slot: number, settlement: Settlement<Source>): void {
  if (settlement.keeps(slot)) return;
  const copy = Buffer.from(payload);
  settlement.keep(slot, copy, copy.length);
}

/** Its client id is that of who published it, where that is known; otherwise what FROM captures. */
export function mqttRemains(
  { topic, qos, retain, kept, clientid: publisher }: Remembered,
  rule: BoundRule | undefined,
  record: ProducerRecord | undefined,
): Remains {
  const from = rule?.filters.find(filter => sourceMatches(filter, topic));
  const captures = from === undefined ? [] : rule!.captures(from, topic);
  const clientid = publisher ?? rule?.clientIdOf(captures);
  const payload = (kept as Buffer | undefined) ?? record?.value ?? Buffer.alloc(0);
  return {
    key: record?.key,
    value: payload,
    place: [
      { name: 'mqtt.topic', value: topic },
      { name: 'mqtt.qos', value: String(qos) },
      { name: 'mqtt.retain', value: String(retain) },
      ...(clientid === undefined ? [] : [{ name: 'mqtt.clientid', value: clientid }]),
    ],
    facts: { topic, payload, qos: qos as 0 | 1 | 2, retain, clientid },
  };
}

/** Of a message that is larger than is taken only the beginning is here: it fails for each rule that wants it. */
export function oversizeError({ topic, oversizeBytes: bytes, payload, missingBytes }: MqttMessage): MkbError {
  return new MkbError('mqtt-packet-too-large', { topic, bytes, payloadBytes: payload.length + missingBytes });
}
