/** Errors: what becomes of messages that are published to an MQTT server. */
import { table } from './entry.ts';

export interface TooLarge {
  readonly topic: string;
  readonly bytes: number;
  readonly limit: number;
  /** The server whose limit it is; undefined for that of the protocol. */
  readonly url: string | undefined;
}

export const mqttPublisherErrors = table({
  'mqtt-topic-invalid': {
    kind: 'permanent',
    message: ({ topic, reason }: { topic: string; reason: string }) =>
      `${JSON.stringify(topic.slice(0, 200))} cannot be a topic to publish to: ${reason}.`,
    remedy:
      'Correct the topic template of the mqtt sink, or have WHERE leave out records whose key or fields make no topic.',
  },
  'mqtt-property-invalid': {
    kind: 'permanent',
    message: ({ property, topic, reason }: { property: string; topic: string; reason: string }) =>
      `The ${property} of a message for ${topic.slice(0, 200)} cannot be sent: ${reason}.`,
    remedy:
      'Leave it out of the mqtt sink, fix its template, encode what it holds (base64_encode in the rule), or put that into the payload.',
  },
  'mqtt-publish-refused': {
    kind: 'permanent',
    message: ({ topic, reason }: { topic: string; reason: string }) =>
      `The MQTT server does not take a message for ${topic}: ${reason}.`,
    remedy: 'Allow this client to publish there on the server, or change topic, QoS or retain of the mqtt sink.',
  },
  'mqtt-message-expiry-invalid': {
    kind: 'permanent',
    message: ({ template, value }: { template: string; value: string }) =>
      `The message expiry ${template} is ${value}, which is no number of seconds from 0 to 4294967295.`,
    remedy:
      'Give seconds, as a number or as decimal digits ("60"); without a value the message does not expire. For a default write ${headers.ttl:-60}.',
  },
  'mqtt-qos-lowered': {
    kind: 'retryable',
    message: () =>
      'The MQTT server takes no QoS 2 (its Maximum QoS is 1), so messages of QoS 2 are published with QoS 1.',
    remedy:
      'No message is lost, but one may come twice. Set qos of the mqtt sink to 1, or use a server that has QoS 2.',
  },
  'mqtt-properties-omitted': {
    kind: 'retryable',
    message: () =>
      'The MQTT server speaks MQTT 3.1.1, so messages are published without what only MQTT 5 has: user properties, content type, response topic, correlation data, message expiry and payload format.',
    remedy:
      'Use a server that speaks MQTT 5, or leave these fields out of the mqtt sink. A message whose expiry is over is not sent all the same.',
  },
  'mqtt-publisher-session-lost': {
    kind: 'retryable',
    message: ({ messages }: { messages: number }) =>
      `The MQTT server does not have the session of the publisher any more: ${messages} messages of QoS 2 that were under way are published again, and may come twice.`,
    remedy:
      'Nothing needs to be done. If it happens often, have the server keep sessions over its restarts (in Mosquitto: persistence), and for as long as spec.mqtt.sessionExpiry says.',
  },
  'mqtt-publish-put-off': {
    kind: 'retryable',
    message: ({ topic, reason }: { topic: string; reason: string }) =>
      `The MQTT server does not take a message for ${topic} now: ${reason}.`,
    remedy: 'It is published again after a pause. Look at the quotas and the log of the server if it lasts.',
  },
  'mqtt-publish-waits-for-limits': {
    kind: 'retryable',
    message: ({ problem, waitSeconds }: { problem: string; waitSeconds: number }) =>
      `${problem} Another server of the list may, or this one again: the message waits for that, up to ${waitSeconds} more seconds.`,
    remedy:
      'Give all servers of spec.mqtt.urls the same limits (maximum packet size, maximum QoS, retained messages). If these limits stay, what does not fit becomes a dead letter.',
  },
  'mqtt-publish-too-large': {
    kind: 'permanent',
    message: ({ topic, bytes, limit, url }: TooLarge) =>
      `A message of ${bytes} bytes for ${topic} is larger than ${url === undefined ? 'MQTT' : `the MQTT server at ${url}`} takes (${limit}).`,
    remedy: 'Raise the largest packet that the server takes, or leave out in the rule what makes the message large.',
  },
  'mqtt-retries-exhausted': {
    kind: 'permanent',
    message: ({ topic, limit, reason }: { topic: string; limit: string; reason: string }) =>
      `A message for ${topic} could not be published ${limit}: ${reason}.`,
    remedy:
      'Look at the quotas and the log of the MQTT server, and write the dead letters again. A larger limit in delivery.retry (or in retry of the sink), or none, waits longer and holds what comes after.',
  },
});
