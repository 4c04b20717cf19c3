/**
 * The connection to one broker: opened when it is wanted, opened again after a pause when it breaks, and replaced by another before its
 * login expires (broker-connection.ts). Until the other one is up, this one is used.
 *
 * Whoever needs it asks for `connection` and, if there is none, calls `open`; a change is told through `changed`. Nothing here
 * decides whether a request is repeated.
 */
import type { Connection, ConnectionOptions } from '@platformatic/kafka';
import type { MkbError } from '../../api/errors.ts';
import { BrokerConnection } from '../../kafka/broker-connection.ts';
import { connectError } from '../../kafka/connect-error.ts';
import { secureOptionsFor } from '../../kafka/diagnosis.ts';
import type { KafkaLogin } from '../../kafka/settings.ts';
import { asMkbError } from '../as-mkb-error.ts';
import { backoffMs } from '../backoff.ts';
import { guardFrames } from './frame-guard.ts';

export interface LinkOptions {
  readonly clientId: string;
  readonly connection: ConnectionOptions;
  /** Reads certificates and secrets, again for each connection. */
  readonly login?: KafkaLogin;
  readonly retry: { readonly minDelayMs: number; readonly maxDelayMs: number };
}

export class Link {
  readonly host: string;
  readonly port: number;
  readonly #options: LinkOptions;
  readonly #changed: () => void;
  #connection: BrokerConnection | undefined;
  /** Replaced, and still waiting for answers. */
  readonly #retired = new Set<BrokerConnection>();
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
    if (this.#failures === 0) this.ready().catch(() => undefined);
    else this.#openLater();
  }

  /** The connection, as soon as it is up. Throws why it cannot be had: `kafka-unreachable`, `kafka-authentication-failed`, `tls-untrusted` and their like. */
  ready(): Promise<Connection> {
    if (this.#connection) return Promise.resolve(this.#connection);
    return this.#connectOnce();
  }

  /** Opens another connection in the place of the one that is up, if that one is of no more use for new requests. */
  replace(connection = this.#connection): void {
    if (this.#closed || connection === undefined || connection !== this.#connection) return;
    this.#connectOnce().catch(() => this.#openLater(connection));
  }

  /** Drops the connection; requests under way end with an error. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const connection of [this.#connection, ...this.#retired]) connection?.close().catch(() => undefined);
  }

  /** @param replaced the connection that is still used meanwhile */
  #openLater(replaced?: BrokerConnection): void {
    if (this.#closed || this.#retry) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#connection) this.replace(replaced);
      else this.ready().catch(() => undefined);
    }, this.#pauseMs());
  }

  #connectOnce(): Promise<Connection> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
      this.#changed();
    });
    return this.#connecting;
  }

  async #connect(): Promise<Connection> {
    const { clientId, connection: options, login } = this.#options;
    let connection: BrokerConnection;
    try {
      const secure = secureOptionsFor(this.host, login ? await login() : options);
      connection = new BrokerConnection(clientId, { ...options, ...secure }, expiring => this.replace(expiring));
      await Promise.resolve(connection.connect(this.host, this.port)).catch(cause => {
        throw connectError(this.address, cause, secure);
      });
    } catch (error) {
      this.#failures++;
      this.lastError = asMkbError(error);
      throw this.lastError;
    }
    guardFrames(connection.socket);
    this.#failures = 0;
    this.lastError = undefined;
    this.#retire();
    this.#connection = connection;
    connection.once('close', () => {
      this.#retired.delete(connection);
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      this.#changed();
    });
    if (this.#closed) this.close();
    return connection;
  }

  #retire(): void {
    if (this.#connection === undefined) return;
    this.#retired.add(this.#connection);
    this.#connection.retire();
  }

  #pauseMs(): number {
    const { minDelayMs, maxDelayMs } = this.#options.retry;
    return backoffMs(this.#failures - 1, minDelayMs, maxDelayMs);
  }
}
