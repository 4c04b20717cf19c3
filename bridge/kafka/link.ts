/**
 * The connection to one broker: opened when it is wanted, opened again after a pause when it breaks.
 *
 * Whoever needs it asks for `connection` and, if there is none, calls `open`; a change is told through `changed`. Nothing here
 * decides whether a request is repeated.
 */
import { isIP } from 'node:net';
import { Connection, type ConnectionOptions } from '@platformatic/kafka';
import type { MkbError } from '../../api/errors.ts';
import { connectError } from '../../kafka/connect-error.ts';
import { backoffMs } from '../backoff.ts';
import { guardFrames } from './frame-guard.ts';

export interface LinkOptions {
  readonly clientId: string;
  readonly connection: ConnectionOptions;
  readonly retry: { readonly minDelayMs: number; readonly maxDelayMs: number };
}

export class Link {
  readonly host: string;
  readonly port: number;
  readonly #options: LinkOptions;
  readonly #changed: () => void;
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  /** Why the last attempt to connect failed; undefined once connected. */
  lastError: MkbError | undefined;
  /** No request before this time (performance.now()): the broker asked for it (KIP-219). */
  throttledUntil = 0;
  /** Produce requests under way. */
  inFlight = 0;

  /** @param changed called when the connection comes, goes, or failed to come */
  constructor(host: string, port: number, options: LinkOptions, changed: () => void) {
    this.host = host;
    this.port = port;
    this.#options = options;
    this.#changed = changed;
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** The connection, if it is up. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Sees to it that there will be a connection: at once, or after the pause that failures have earned. Never throws; `changed` tells. */
  open(): void {
    if (this.#closed || this.#connection || this.#connecting || this.#retry) return;
    const connect = () => {
      this.#retry = undefined;
      this.ready().catch(() => undefined);
    };
    if (this.#failures === 0) connect();
    else this.#retry = setTimeout(connect, this.#pauseMs());
  }

  /** The connection, as soon as it is up. Throws why it cannot be had: `kafka-unreachable`, `kafka-authentication-failed`, `kafka-tls-failed`. */
  ready(): Promise<Connection> {
    if (this.#connection) return Promise.resolve(this.#connection);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
      this.#changed();
    });
    return this.#connecting;
  }

  /** Drops the connection; requests under way end with an error. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#connection?.close().catch(() => undefined);
  }

  async #connect(): Promise<Connection> {
    // An address is not a name that TLS may ask for (RFC 6066, 3); it is compared with the certificate all the same.
    const connection = new Connection(this.#options.clientId, {
      ...this.#options.connection,
      ...(isIP(this.host) > 0 && this.#options.connection.tlsServerName === true && { tlsServerName: false }),
    });
    connection.on('error', () => undefined);
    try {
      await connection.connect(this.host, this.port);
    } catch (cause) {
      this.#failures++;
      this.lastError = connectError(this.address, cause);
      throw this.lastError;
    }
    guardFrames(connection.socket);
    this.#failures = 0;
    this.lastError = undefined;
    this.#connection = connection;
    connection.once('close', () => {
      this.#connection = undefined;
      this.#changed();
    });
    if (this.#closed) this.close();
    return connection;
  }

  #pauseMs(): number {
    const { minDelayMs, maxDelayMs } = this.#options.retry;
    return backoffMs(this.#failures - 1, minDelayMs, maxDelayMs);
  }
}
