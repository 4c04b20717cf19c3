/**
 * A vehicle's MQTT connection: mqtt.js, with its own reconnecting switched off.
 *
 * After a broker's restart thousands of clients, each with a timer of its own, would come back in the same second. So a connection
 * only says that it was lost, and the fleet decides when it opens again. Messages that were sent and not acknowledged stay in
 * mqtt.js and are sent again on the next connection [MQTT-4.4.0-1]; nothing else is ever queued.
 */
import mqtt, { type MqttClient } from 'mqtt';

/** PEM text. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name to expect in the server's certificate, if it is not the host's. */
  readonly serverName?: string;
  /** Take any certificate. */
  readonly insecure?: boolean;
}

export interface ConnectionSettings {
  /** mqtt, mqtts, ws or wss. */
  readonly url: string;
  /** `auto`: 5, and 3.1.1 in turns with it until the server has let the vehicle in once. */
  readonly version: '3.1.1' | '5' | 'auto';
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsSettings;
  /** How long one attempt may take, ms. */
  readonly connectTimeoutMs: number;
}

/** What a connection reports to its owner. After `opened` and after `open` exactly one `closed` follows, sooner or later. */
export interface ConnectionEvents {
  opened(): void;
  /** @param refusal the reason code of the server's CONNACK, if that was the cause */
  closed(reason: string, refusal: number | undefined): void;
}

/** mqtt.js has no switch for "keep what is unacknowledged, but leave reconnecting to me": an interval that never elapses is one. */
const never = 2 ** 31 - 1;
/** CONNACK: unsupported protocol version, of MQTT 3.1.1 and of 5. */
const versionRefusals: ReadonlySet<number> = new Set([1, 132]);

/** How many messages may be unacknowledged when the server does not say. */
const ownWindow = 1000;

export class Connection {
  readonly clientId: string;
  readonly #settings: ConnectionSettings;
  readonly #events: ConnectionEvents;
  #client: MqttClient | undefined;
  #reason = 'the connection was closed';
  #refusal: number | undefined;
  #wasLetIn = false;
  #window = ownWindow;
  #unacknowledged = 0;
  #dropped = false;
  #ended = false;

  constructor(settings: ConnectionSettings, clientId: string, events: ConnectionEvents) {
    this.#settings = settings;
    this.clientId = clientId;
    this.#events = events;
  }

  get connected(): boolean {
    return this.#client?.connected === true && !this.#dropped;
  }

  /** Messages of QoS 1 and 2 that were sent and not answered yet. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Whether one more message may be sent now: within the server's Receive Maximum [MQTT-3.3.4-7], and it reads what we send. */
  get hasRoom(): boolean {
    return this.#unacknowledged < this.#window && this.#client?.stream.writableNeedDrain !== true;
  }

  /** Opens the connection, the first time or again. Never while it is open or opening. */
  open(): void {
    if (this.#client === undefined) this.#client = this.#connect();
    else this.#client.connect();
  }

  #connect(): MqttClient {
    const { url, version, username, password, tls = {}, connectTimeoutMs } = this.#settings;
    const { ca, cert, key, serverName, insecure } = tls;
    const client = mqtt.connect(url, {
      clientId: this.clientId,
      protocolVersion: version === '3.1.1' ? 4 : 5,
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: never,
      reschedulePings: false,
      queueQoSZero: false,
      resubscribe: false,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(serverName !== undefined && { servername: serverName }),
      rejectUnauthorized: insecure !== true,
    });
    client.on('connect', connack => {
      this.#wasLetIn = true;
      // A server that says nothing takes 65,535 at once, more than we want to hold.
      this.#window = Math.min(ownWindow, connack.properties?.receiveMaximum ?? ownWindow);
      this.#events.opened();
    });
    client.on('error', error => {
      this.#reason = reasonOf(error);
      const { code } = error as { code?: unknown };
      if (!client.connected && typeof code === 'number') this.#refusal = code;
    });
    client.on('disconnect', packet => {
      this.#reason = `the server ended it with reason code ${packet.reasonCode ?? 0}`;
    });
    client.on('close', () => this.#closed());
    return client;
  }

  #closed(): void {
    const [reason, refusal] = [this.#reason, this.#refusal];
    this.#reason = 'the connection was closed';
    this.#refusal = undefined;
    this.#dropped = false;
    const triesOther = this.#settings.version === 'auto' && !this.#wasLetIn && this.#client !== undefined;
    if (triesOther) this.#client!.options.protocolVersion = this.#client!.options.protocolVersion === 5 ? 4 : 5;
    const ofVersion = triesOther && refusal !== undefined && versionRefusals.has(refusal);
    if (!this.#ended) this.#events.closed(reason, ofVersion ? undefined : refusal);
  }

  /**
   * Sends a message; only while `connected` and `hasRoom`.
   *
   * @param done for QoS 1 and 2, when the server has answered; the argument says whether it took the message
   */
  publish(topic: string, payload: string, qos: 0 | 1 | 2, done: (taken: boolean) => void): void {
    if (qos === 0) {
      this.#client!.publish(topic, payload, { qos });
      return;
    }
    this.#unacknowledged++;
    this.#client!.publish(topic, payload, { qos }, error => {
      this.#unacknowledged--;
      done(!error);
    });
  }

  /** Loses the connection, as a vehicle in a tunnel does: no DISCONNECT, so that the server sees a failure. */
  drop(): void {
    this.#reason = 'it was dropped on request';
    // mqtt.js calls itself connected until the socket has said that it is closed.
    this.#dropped = true;
    this.#client?.stream.destroy();
  }

  /** Says goodbye (or just leaves, with messages unacknowledged) for ever. `closed` is not called any more. */
  end(): Promise<void> {
    this.#ended = true;
    const client = this.#client;
    if (client === undefined) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    // A server that hangs never closes its side.
    const timer = setTimeout(() => client.stream.destroy(), goodbyeMs);
    client.end(!client.connected || this.#unacknowledged > 0, () => resolve());
    return promise.finally(() => clearTimeout(timer));
  }
}

/** How long a DISCONNECT may take, milliseconds. */
const goodbyeMs = 1000;

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'there is no such host',
  ECONNRESET: 'the other side reset the connection',
  ETIMEDOUT: 'the host does not answer',
};

/** An error in words. One that stands for several addresses of a host has no message, only a code. */
const reasonOf = (error: Error): string => {
  const { code } = error as { code?: unknown };
  const known = typeof code === 'string' ? reasons[code] : undefined;
  return known ?? (error.message || String(code ?? error.name));
};
