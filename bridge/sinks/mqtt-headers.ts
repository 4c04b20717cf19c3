import type { RecordHeader } from '../kafka/record.ts';
import type { MqttMessage } from '../mqtt/message.ts';

/**
 * What MQTT knows of a message, as headers: topic, QoS, retain, and its user properties under their own names, in order and with
 * duplicates.
 */
export function mqttHeaders(message: MqttMessage): RecordHeader[] {
  const headers: RecordHeader[] = [
    { name: 'mqtt.topic', value: message.topic },
    { name: 'mqtt.qos', value: String(message.qos) },
    { name: 'mqtt.retain', value: String(message.retain) },
  ];
  for (const [name, value] of message.userProperties) headers.push({ name, value });
  return headers;
}

/** The trace that a message belongs to passes through whatever else is asked for (W3C Trace Context for MQTT, user properties of these names). */
export function traceHeaders(message: MqttMessage): readonly RecordHeader[] {
  if (message.propertiesEnd === message.propertiesStart) return none;
  const headers: RecordHeader[] = [];
  for (const [name, value] of message.userProperties) {
    if (name === 'traceparent' || name === 'tracestate') headers.push({ name, value });
  }
  return headers;
}

const none: readonly RecordHeader[] = [];
