/** `spec.mqtt.listen`: the bridge as the MQTT server; and what clients may use of it. */
import { duration, list, optional, section, size, text, whole } from './fields.ts';
import { secret } from './security.ts';

const serverTls = section(
  'Serve TLS on this port. Its secrets are read again when they change: who connects from then on gets them.',
  {
    cert: secret('The certificate chain of the server in PEM.'),
    key: secret('The private key of `cert` in PEM.'),
    passphrase: optional(secret('What opens `key` if it is encrypted.')),
    clientCa: optional(
      secret('Certificates in PEM. Each client must show a certificate that one of these signed, and is let in by it.'),
    ),
  },
);

export const listen = list(
  section('One port.', {
    port: whole('The TCP port, 1 to 65535. Usual are 1883, 8883 with TLS, and 8083 or 8084 for WebSocket.', {
      minimum: 1,
      maximum: 65_535,
    }),
    host: optional(text('The address of this machine to listen on. Default: all.', { maxLength: 255 })),
    tls: optional(serverTls),
    webSocket: optional(
      section('Serve MQTT over WebSocket on this port.', {
        path: text('The path of the url.', {
          pattern: '^/[^\\s?#]*$',
          expected: 'a path that begins with /',
          default: '/mqtt',
          maxLength: 255,
        }),
      }),
    ),
  }),
  'The ports where MQTT clients connect to the bridge itself: no broker stands between them and Kafka. They speak MQTT 5 and 3.1.1, and publish in QoS 0, 1 and 2. What they subscribe to is published by rules with an `mqtt` sink. There are no retained messages.',
  { minItems: 1 },
);

export const limits = section(
  'What clients may use.',
  {
    connections: whole('Connections at once, of all clients.', { minimum: 1, maximum: 1_000_000, default: 10_000 }),
    connectionsPerAddress: optional(
      whole(
        'Connections at once from one address. Default: no limit of its own, as many devices may stand behind one.',
        {
          minimum: 1,
          maximum: 1_000_000,
        },
      ),
    ),
    connectRate: whole('Connections a second, of all clients. More are closed at once, and counted.', {
      minimum: 1,
      maximum: 1_000_000,
      default: 1000,
    }),
    messageRate: optional(
      whole('Messages a second of one client. A client that sends more is read more slowly.', {
        minimum: 1,
        maximum: 1_000_000,
      }),
    ),
    byteRate: optional(
      size('Payload a second of one client. A client that sends more is read more slowly.', {
        min: '1KiB',
        max: '1GiB',
      }),
    ),
    packetTimeout: duration('How long a client may take for a packet that it has begun.', {
      min: '1s',
      max: '1h',
      default: '30s',
    }),
    failedLogins: whole(
      'Logins from one address that may fail in a minute. Beyond it clients from there are refused for a while without being looked at, and counted.',
      { minimum: 1, maximum: 1_000_000, default: 120 },
    ),
    subscriptions: whole('Subscriptions of one client.', { minimum: 1, maximum: 100_000, default: 100 }),
    keepAlive: duration(
      'The longest keep-alive. A client of MQTT 5 that asks for a longer one, or for none, gets this one.',
      { min: '1s', max: '65535s', step: '1s', default: '1h' },
    ),
  },
  { default: {} },
);

export const sessions = section(
  'Sessions: what is kept for clients that are not connected. They are in the memory of the process and end with it; with `delivery.buffer.mode: disk` they are in its folder, too, and survive it.',
  {
    expiry: duration(
      'The longest that a session outlives the connection of its client. With `0s` none does, and it does not matter which of several bridges a client connects to.',
      { min: '0s', max: '30d', step: '1s', default: '1d' },
    ),
    away: whole(
      'Sessions whose clients are not connected. Beyond it the one whose client has been away for longest ends.',
      { minimum: 1, maximum: 1_000_000, default: 10_000 },
    ),
    messages: whole('Messages of QoS 1 and 2 that wait for one client. Beyond it new ones are dropped, and counted.', {
      minimum: 1,
      maximum: 1_000_000,
      default: 1000,
    }),
    maxBytes: size(
      'What the messages that wait for one client may hold; those of all clients together may hold `delivery.buffer.maxBytes`.',
      { min: '1KiB', max: '1GiB', default: '1MiB' },
    ),
    maxAge: duration('How long a message waits for a client. Then it is dropped, and counted.', {
      min: '1s',
      max: '30d',
      default: '1d',
    }),
  },
  { default: {} },
);
