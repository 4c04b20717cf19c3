/** Errors: what an MQTT session can meet. */
import { table } from './entry.ts';

export interface UnfinishedDrain {
  readonly clientId: string;
  readonly why: string;
  /** Messages that came and are settled. */
  readonly drained: number;
  /** Messages that came and are not settled: the broker delivers those of QoS 1 and 2 again. */
  readonly unacknowledged: number;
}

export const mqttErrors = table({
  'mqtt-url-invalid': {
    kind: 'permanent',
    message: ({ url, reason }: { url: string; reason: string }) => `The MQTT url ${url} cannot be used: ${reason}.`,
    remedy:
      'Write it as mqtt://HOST:1883, mqtts://HOST:8883, ws://HOST/mqtt or wss://HOST/mqtt; user and password go to spec.mqtt.auth.',
  },
  'mqtt-connect-failed': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `No connection to the MQTT server ${url}: ${reason}.`,
    remedy: 'It is retried. Check host and port, and that the server runs and can be reached from here.',
  },
  'mqtt-connect-timeout': {
    kind: 'retryable',
    message: ({ url, waitedMs }: { url: string; waitedMs: number }) =>
      `The MQTT server ${url} did not finish the connection within ${waitedMs} ms.`,
    remedy: 'It is retried. Check that the port speaks MQTT, or raise spec.mqtt.connectTimeout for a slow network.',
  },
  'mqtt-not-spoken': {
    kind: 'permanent',
    message: ({ url, spoken }: { url: string; spoken: string }) =>
      `The server ${url} speaks ${spoken} at this port, which is not what the url says.`,
    remedy:
      'Use mqtts:// (usually port 8883) where the port serves MQTT over TLS, mqtt:// (1883) where it serves MQTT without, and ws:// or wss:// where it serves WebSocket.',
  },
  'mqtt-websocket-refused': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The server ${url} did not open a WebSocket: ${reason}.`,
    remedy:
      'It is retried. Check the path of the url (many brokers take /mqtt), the port, and what stands before the broker.',
  },
  'mqtt-closed-unanswered': {
    kind: 'retryable',
    message: ({ url, version }: { url: string; version: string }) =>
      `The MQTT server ${url} closed the connection without an answer to CONNECT (MQTT ${version}).`,
    remedy:
      'It is retried. If it lasts, the server may not speak this version: leave out spec.mqtt.version, or set it to "3.1.1". Then look at its log, and check that the port serves MQTT.',
  },
  'mqtt-connection-lost': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The connection to the MQTT server ${url} ended: ${reason}.`,
    remedy:
      'It is opened again. If it happens often, look whether another client uses this client id, then at the log of the server.',
  },
  'mqtt-keepalive-timeout': {
    kind: 'retryable',
    message: ({ url, waitedMs }: { url: string; waitedMs: number }) =>
      `The MQTT server ${url} has been silent for ${waitedMs} ms although it was pinged.`,
    remedy: 'The connection is opened again. If it happens often, look at the network, or raise spec.mqtt.keepAlive.',
  },
  'mqtt-protocol-error': {
    kind: 'retryable',
    message: ({ violation }: { violation: string; reasonCode: number }) =>
      `The MQTT server broke the protocol: ${violation}.`,
    remedy: 'The connection is opened again. If it repeats, look at the server: its version, and what publishes there.',
  },
  'mqtt-receive-maximum-exceeded': {
    kind: 'retryable',
    message: ({ limit }: { limit: number }) =>
      `The MQTT server has sent more than the ${limit} unacknowledged messages that it may (Receive Maximum).`,
    remedy:
      'Nothing is lost: the bridge reads no further until Kafka has caught up. Mosquitto 2.0 does this when it has a queue; a newer server may not.',
  },
  'mqtt-packet-too-large': {
    kind: 'permanent',
    message: ({ topic, bytes }: { topic: string; bytes: number; payloadBytes: number }) =>
      `The MQTT server sent a message for ${topic} in a packet of ${bytes} bytes, which is more than spec.mqtt.maximumPacketSize.`,
    remedy:
      'Raise spec.mqtt.maximumPacketSize. Until then such messages are dead letters with the beginning of their payload.',
  },
  'mqtt-not-authorised': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server does not let this client in: ${reason}.`,
    remedy: 'Check spec.mqtt.auth (username, password), spec.mqtt.clientId, and the access rules of the server.',
  },
  'mqtt-session-taken-over': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT session was taken from this client: ${reason}.`,
    remedy:
      'Another client uses this client id, perhaps a second bridge of this name, or this one started twice. Give each its own spec.mqtt.clientId, or stop the other one.',
  },
  'mqtt-client-id-refused': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server refuses the client id: ${reason}.`,
    remedy: 'Choose a spec.mqtt.clientId that the server allows: up to 23 letters and digits always are.',
  },
  'mqtt-version-unsupported': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server does not speak this version: ${reason}.`,
    remedy:
      'Leave out spec.mqtt.version, and the bridge finds the version that the server speaks; or set it to the other one ("5" or "3.1.1").',
  },
  'mqtt-version-needed': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) =>
      `The MQTT server does not speak MQTT 5, which spec.mqtt.share needs: ${reason}.`,
    remedy:
      'Leave out spec.mqtt.share and run one replica. If the server has shared subscriptions in MQTT 3.1.1 all the same, set spec.mqtt.version to "3.1.1".',
  },
  'mqtt-version-lowered': {
    kind: 'retryable',
    message: ({ url, reason }: { url: string; reason: string }) =>
      `The MQTT server ${url} does not speak MQTT 5, so MQTT 3.1.1 is used: ${reason}.`,
    remedy:
      'Set spec.mqtt.version to "3.1.1" to save the attempt. MQTT 3.1.1 has no session expiry, no Receive Maximum and no user properties: the server decides how long it keeps the session.',
  },
  'mqtt-server-busy': {
    kind: 'retryable',
    message: ({ reason }: { reason: string }) => `The MQTT server cannot serve this client now: ${reason}.`,
    remedy: 'It is retried with growing pauses. Check the load and the limits of the server if it lasts.',
  },
  'mqtt-server-moved': {
    kind: 'retryable',
    message: ({ reason }: { reason: string; reference?: string }) =>
      `The MQTT server sends this client elsewhere: ${reason}.`,
    remedy: 'The next of the configured urls is tried. Add the server that it names to spec.mqtt.urls.',
  },
  'mqtt-session-lost': {
    kind: 'retryable',
    message: ({ url }: { url: string }) =>
      `The MQTT server ${url} has no session of ours: what it had not delivered is lost, and what was received of it is forgotten before the next connection.`,
    remedy:
      'See that the server keeps its sessions over a restart (persistence), for as long as mqtt.sessionExpiry says. Exactly once begins again with the new session.',
  },
  'mqtt-disconnected': {
    kind: 'retryable',
    message: ({ reason }: { reason: string }) => `The MQTT server ended the connection: ${reason}.`,
    remedy: 'It is opened again. If it happens often, look for the reason in the log of the server.',
  },
  'mqtt-refused': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) => `The MQTT server refuses what this client asks for: ${reason}.`,
    remedy: 'Change the setting that the reason names, or allow it on the server.',
  },
  'mqtt-subscription-refused': {
    kind: 'permanent',
    message: ({ filter, reason }: { filter: string; reason: string }) =>
      `The MQTT server refuses the subscription to ${filter}: ${reason}.`,
    remedy: 'Allow this client to subscribe to it on the server, or change the topic filter of the rule.',
  },
  'mqtt-subscription-put-off': {
    kind: 'retryable',
    message: ({ filter, reason }: { filter: string; reason: string }) =>
      `The MQTT server does not subscribe this client to ${filter}, or end a subscription to it, now: ${reason}.`,
    remedy: 'It is asked again with growing pauses. Look at the quotas and the log of the server if it lasts.',
  },
  'mqtt-filter-invalid': {
    kind: 'permanent',
    message: ({ filter, reason }: { filter: string; reason: string }) =>
      `${JSON.stringify(filter.slice(0, 200))} is no topic filter: ${reason}.`,
    remedy: 'Write it as it was subscribed: levels between slashes, + for one of them, # at the end for the rest.',
  },
  'mqtt-filter-read': {
    kind: 'permanent',
    message: ({ filter, rule }: { filter: string; rule: string }) =>
      `"${filter}" cannot be given up: the rule ${rule} reads it.`,
    remedy: 'Take it out of spec.mqtt.unsubscribe, or out of the rule.',
  },
  'mqtt-identity-untrue': {
    kind: 'permanent',
    message: ({ filter, rule, name }: { filter: string; rule: string; name: string }) =>
      `A client that may publish to "${filter}" can pretend to be another: the rule ${rule} reads {${name}} from such topics.`,
    remedy:
      'Put ${username} or ${clientid} where the rule captures it: cars/${username} for FROM "cars/{username}". At Mosquitto a client id may have slashes: with more levels after it, only ${username} is safe.',
  },
  'mqtt-filters-overlap': {
    kind: 'permanent',
    message: ({ filter, other }: { filter: string; other: string }) =>
      `"${filter}" and "${other}" match some topics in common, and this MQTT server does not say which of them a message comes for.`,
    remedy:
      'It may deliver such a message once for each, and then each rule writes it twice. Use a server of MQTT 5 that has subscription identifiers, or one filter that covers both, and WHERE.',
  },
  'mqtt-old-subscription': {
    kind: 'retryable',
    message: ({ filter }: { filter: string }) =>
      `The MQTT session was still subscribed to ${filter}, which no rule reads: it is unsubscribed now.`,
    remedy: 'Nothing needs to be done. Messages of it that waited in the session are counted as old_subscription.',
  },
  'mqtt-old-subscription-kept': {
    kind: 'retryable',
    message: ({ filter, reason }: { filter: string; reason: string }) =>
      `The MQTT session is still subscribed to ${filter}, which no rule reads, and stays so: ${reason}`,
    remedy: 'Allow this client to unsubscribe on the server, and restart the bridge.',
  },
  'mqtt-old-subscription-unknown': {
    kind: 'retryable',
    message: ({ identifier, topic }: { identifier: number; topic: string }) =>
      `Messages such as one for ${topic} come for a subscription (identifier ${identifier}) that this document did not make.`,
    remedy:
      'Add its topic filter, with $share/GROUP/ if it was shared, to spec.mqtt.unsubscribe; look in older versions of the document.',
  },
  'mqtt-unsubscription-refused': {
    kind: 'permanent',
    message: ({ reason }: { reason: string }) =>
      `The MQTT server does not let this client give up a subscription: ${reason}.`,
    remedy: 'Allow this client to unsubscribe on the server, and retry. Its session is kept meanwhile.',
  },
  'drain-ordinal-missing': {
    kind: 'permanent',
    message: ({ share }: { share: string }) =>
      `The replicas share a subscription (spec.mqtt.share is ${share}), and each of them has a session of its own.`,
    remedy: 'Say with --ordinal N whose session to drain: 0 is the first replica.',
  },
  'drain-unfinished': {
    kind: 'retryable',
    message: ({ clientId, why, drained, unacknowledged }: UnfinishedDrain) =>
      `The MQTT session of ${clientId} is not drained: ${why}. Drained: ${drained}; read and not in Kafka: ${unacknowledged}.`,
    remedy: 'Nothing is lost, the session is kept: run it again, with a longer --timeout if there is much to drain.',
  },
  'mqtt-refused-for-now': {
    kind: 'retryable',
    message: ({ refusal }: { refusal: string }) => `${refusal} It was allowed before, so it is retried for a while.`,
    remedy:
      'If the server is restarting, wait. If an access rule or password was changed on purpose, change it here too.',
  },
});
