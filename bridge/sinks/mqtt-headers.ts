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
