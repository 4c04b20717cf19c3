/** `spec.mqtt`: where MQTT messages come from, and how the bridge takes part in the session. */
import type { Static } from 'typebox';
import { broker, brokerRef } from './broker.ts';
import { clients } from './clients.ts';
import { choice, duration, list, numberChoice, optional, section, size, text, whole } from './fields.ts';
import { listen } from './listen.ts';
import { namedSecret, secret, tls } from './security.ts';

/** The address of an MQTT broker. */
export const mqttUrl = (description: string) =>
  text(description, {
    pattern: '^(mqtt|mqtts|ws|wss)://[^/?#@\\s]+(/[^\\s]*)?$',
    expected:
      'a url such as mqtt://host:1883, mqtts://host:8883, ws://host/mqtt or wss://host/mqtt, without user and password',
    maxLength: 2048,
  });

/** One field for every part that connects to a broker. */
export const mqttVersion = choice(
  ['auto', '5', '3.1.1'],
  'The MQTT version to speak. `auto` speaks 5, and 3.1.1 at a broker that does not speak it.',
  {
    default: 'auto',
    hints: {
      3: 'Write "3.1.1", or leave it out.',
      3.1: 'MQTT 3.1 is not spoken here. Write "3.1.1", or leave it out.',
      4: 'MQTT 3.1.1 is number 4 on the wire: write "3.1.1", or leave it out.',
      '5.0': 'Write "5", or leave it out.',
    },
  },
);

const reconnect = section(
  'How long to wait before connecting again: random up to a limit that doubles with each failure.',
  {
    minDelay: duration('The first limit.', { min: '1ms', max: '1h', default: '500ms' }),
    maxDelay: duration('The last limit.', { min: '1ms', max: '1h', default: '30s' }),
  },
  { default: {} },
);

export const mqtt = section(
  'Where MQTT messages come from: a broker that exists (`url` or `urls`), one that an operator runs (`broker`, `brokerRef`), or the clients themselves (`listen`).',
  {
    url: optional(
      mqttUrl(
        'The broker: `mqtt://`, `mqtts://` (TLS), `ws://` or `wss://` (WebSocket), host, and port unless it is the usual one.',
      ),
    ),
    urls: optional(
      list(mqttUrl('One address of the broker.'), 'Several addresses of one broker or cluster, tried in this order.', {
        minItems: 1,
        unique: true,
      }),
    ),
    broker: optional(broker),
    brokerRef: optional(brokerRef),
    listen: optional(listen),
    clients: optional(clients),
    version: mqttVersion,
    clientId: text(
      'The name of the session at the broker. Keep it: messages that wait there belong to it. With `share`, each replica appends its number.',
      { defaultFrom: '`metadata.name`; in a cluster the namespace and a dot before it', maxLength: 256 },
    ),
    share: optional(
      text(
        'The group of a shared subscription (`$share/<group>/...`): its members divide the messages. Needed when `bridge.replicas` is above 1.',
        {
          pattern: '^[^/+#\\s]+$',
          expected: 'a name without /, +, # and spaces',
          maxLength: 256,
        },
      ),
    ),
    qos: numberChoice(
      [0, 1, 2],
      'The most that the subscriptions ask for. 0: messages may be lost. 1: none that was acknowledged is lost, and one may be written to Kafka twice. 2: as 1, and what the broker delivers again within a session is recognised; when the bridge or the session is lost, a message may still be written twice.',
      {
        default: 1,
      },
    ),
    retained: choice(
      ['all', 'new', 'none'],
      'Which messages that the broker had stored before the bridge subscribed are taken: `all` each time that it starts or gets a new session, `new` only with a subscription that is new, or `none`. In a rule `flags.retain` is true for these messages, and for no others. With `share` there are none.',
      { default: 'new' },
    ),
    unsubscribe: list(
      text('One topic filter, as it was subscribed: with `$share/<group>/` if it was shared.', { maxLength: 65_535 }),
      'Topic filters of older documents that the session is to give up when the bridge starts. With MQTT 5 the bridge finds them by itself unless the group of a shared subscription was another.',
      { unique: true, default: [] },
    ),
    sessionExpiry: duration(
      'How long the broker keeps the session, and what waits in it, after the connection ends. MQTT 5 only.',
      { min: '0s', max: '4294967294s', step: '1s', default: '24h' },
    ),
    receiveMaximum: whole(
      'How many QoS 1 and 2 messages may be unacknowledged at once, 1 to 65535: with `listen`, of each client. It bounds what a slow Kafka holds up.',
      { minimum: 1, maximum: 65_535, default: 1000 },
    ),
    keepAlive: duration('The longest silence before the bridge pings the broker.', {
      min: '1s',
      max: '65535s',
      step: '1s',
      default: '30s',
    }),
    connectTimeout: duration(
      "How long connecting may take, up to the broker's CONNACK; with `listen`, up to the client's CONNECT.",
      {
        min: '1ms',
        max: '1h',
        default: '10s',
      },
    ),
    maximumPacketSize: size(
      'The largest MQTT packet accepted, header included; the broker drops larger ones. With `listen`, a client of MQTT 5 that sends one is disconnected; of MQTT 3.1.1, the message is a dead letter.',
      {
        min: '1KiB',
        max: '256MiB',
        default: '16MiB',
      },
    ),
    reconnect,
    auth: optional(
      section('Who the bridge is to the broker.', {
        username: text('The user name.'),
        password: optional(secret("The user's password.")),
      }),
    ),
    tls: optional(
      tls('Trust and identity for `mqtts://` and `wss://`. Without it, the well-known authorities are trusted.'),
    ),
    webSocket: optional(
      section('What a WebSocket connection (`ws://`, `wss://`) needs besides its address.', {
        headers: list(
          namedSecret(
            'One header: `name`, and its text as `value` or `valueFrom`.',
            'The name of the header, such as Authorization.',
          ),
          'Headers of the HTTP request that opens the connection.',
          { key: 'name', default: [] },
        ),
      }),
    ),
  },
  { exactlyOne: ['url', 'urls', 'broker', 'brokerRef', 'listen'] },
);

export type MqttSection = Static<typeof mqtt>;
