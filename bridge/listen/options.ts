import type { AccessRules } from './access.ts';
import type { ClientAttributes } from './login/attributes.ts';
import type { LoginOptions } from './login/login.ts';
import type { SessionLimits } from './sessions.ts';

/** A port where clients connect. */
export interface PortOptions {
  readonly host: string | undefined;
  readonly port: number;
  readonly tls: ServerTls | undefined;
  /** Reads `tls` again. Rejects with `secret-unreadable` and `tls-invalid`. */
  readonly readTls?: (() => Promise<ServerTls>) | undefined;
  /** The path of WebSocket connections; undefined for MQTT over TCP. */
  readonly webSocketPath: string | undefined;
}

/** PEM texts. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly passphrase: string | undefined;
  /** Who signs certificates of clients; then each has to show one. */
  readonly clientCa: string | undefined;
}

/** What clients may use, in all and each. */
export interface ClientLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Logins from one address that may fail in a minute. */
  readonly failedLogins: number;
  /** Connections a second, of all clients. */
  readonly connectRate: number;
  /** Of one client, a second. */
  readonly messageRate: number;
  readonly byteRate: number;
  readonly maximumPacketSize: number;
  readonly receiveMaximum: number;
  /** How long a client may take from the connection to CONNECT, and for the rest of a packet that has begun. */
  readonly connectTimeoutMs: number;
  readonly packetTimeoutMs: number;
  /** The longest keep-alive of a client of MQTT 5, seconds. */
  readonly keepAliveSeconds: number;
  /** What parts of packets, and packets that wait, may hold over all connections, bytes. */
  readonly heldBytes: number;
  /** Where clients of MQTT 5 are sent when the server is stopped; undefined if nowhere else. */
  readonly serverReference: string | undefined;
}

export interface ListenOptions {
  readonly ports: readonly PortOptions[];
  readonly limits: ClientLimits;
  readonly login: LoginOptions;
  readonly attributes: ClientAttributes;
  readonly access: AccessRules;
  readonly sessions: SessionLimits;
  /** Topics that rules publish to, as the document has them. */
  readonly topics: readonly string[];
  /** Whether clients may as well go to another server like this one: no session keeps anything for them. */
  readonly stateless: boolean;
  /** Whether clients get what other clients publish, without a rule. */
  readonly route: boolean;
}
