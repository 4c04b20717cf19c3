/** What a connection speaks. */
export type MqttVersion = '5' | '3.1.1';

/** What may change while a session lives, and is asked for again for each connection. */
export type Login = Pick<SessionOptions, 'username' | 'password' | 'tls' | 'webSocketHeaders'>;

/** What one connection is made with. */
export type ConnectionOptions = SessionOptions & { readonly version: MqttVersion };

/** What a session needs to know. Durations are milliseconds unless a name says otherwise, sizes are bytes. */
export interface SessionOptions {
  /** Servers of one broker, tried in turn: mqtt, mqtts, ws or wss, without user and password. */
  readonly urls: readonly string[];
  /** `auto`: 5, and 3.1.1 at a server that does not speak it. */
  readonly version: MqttVersion | 'auto';
  readonly clientId: string;
  /** A refusal never ends it, only lengthens its pauses: records from Kafka must not stop with it. */
  readonly persistent?: boolean;
  /** Begins a new session, which ends the one that the server has for this client id. Without it that one is taken up. */
  readonly cleanStart?: boolean;
  /** Filters as they are sent, `$share/GROUP/` included, and the QoS asked for. */
  readonly subscriptions: readonly Subscription[];
  /** False leaves it to the session which subscriptions it has. */
  readonly subscribes?: boolean;
  /** Filters of older documents to give up, as they were sent. */
  readonly unsubscribe?: readonly string[];
  /** How long those of shared subscriptions are read before, milliseconds; 10 s by default. */
  readonly sharedPatienceMs?: number;
  /** Which retained messages are taken: with each SUBSCRIBE, with a subscription that is new, or none. 'new' by default. */
  readonly retained?: 'all' | 'new' | 'none';
  readonly username?: string;
  /** Without a user name it is sent with an empty one: MQTT 3.1.1 has no password alone. */
  readonly password?: string | Buffer;
  /** How often the server hears from us at the least; 0 turns keep-alive off. MQTT 5 servers may choose another. */
  readonly keepAliveMs: number;
  /** How long the server keeps the session without us (MQTT 5; for 3.1.1 the server decides). */
  readonly sessionExpirySeconds: number;
  /** QoS 1 and 2 messages that the server may have unacknowledged, 1 to 65,535 (MQTT 5; 3.1.1 has no such limit). */
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  /** From the first attempt to reach a server until it has confirmed the subscriptions. */
  readonly connectTimeoutMs: number;
  readonly reconnect: { readonly minDelayMs: number; readonly maxDelayMs: number };
  readonly tls?: TlsOptions;
  readonly webSocketHeaders?: Readonly<Record<string, string>>;
  /** Reads user, password, TLS texts and headers again; without it they stay as they are here. */
  readonly login?: () => Promise<Login>;
  /** The most messages of any QoS that may be unsettled at once: a power of two, no less than `receiveMaximum`. */
  readonly windowCapacity: number;
  /** Packet identifiers of QoS 2 are kept elsewhere: a PUBREL is answered when it hears that they are (`Session.kept`). */
  readonly keepsReceipts?: boolean;
  /** For jitter: at least 0 and below 1. */
  readonly random?: () => number;
  /** Milliseconds since 1970: what messages get as their time. */
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets: how long something took. Without it `now` if that is given, else `performance.now()`. */
  readonly elapsed?: () => number;
}

/** What durations are measured with. */
export const stopwatch = ({ now, elapsed = now }: SessionOptions): (() => number) =>
  elapsed ?? (() => performance.now());

export interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1 | 2;
  /** Its Subscription Identifier, 1 to 268,435,455; MQTT 5 only. */
  readonly identifier?: number;
}

/** PEM texts, and how the server's certificate is judged. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** The name that the certificate must have, if it is not the url's host. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}
