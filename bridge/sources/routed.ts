/** What a client publishes, as other clients get it (`mqtt.clients.route`). */
import type { MqttMessage } from '../mqtt/message.ts';
import type { Publication } from '../mqtt/publisher/publication.ts';
import { carriedBy } from '../sinks/carried-properties.ts';

/** With a payload of its own: the message is valid during the call only. */
export function routed(message: MqttMessage): Publication {
  const { topic, payload, qos, retain } = message;
  return { ...carriedBy(message, () => undefined), topic, payload: Buffer.from(payload), qos, retain };
}
