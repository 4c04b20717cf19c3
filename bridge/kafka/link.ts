/**
 * The connection to one broker: opened when it is wanted, opened again when it breaks, and replaced by another before its login expires
 * (broker-connection.ts). Until the other one is up, this one is used.
 *
 * Attempts that fail earn a pause, and the next request for a connection waits for its end: so a broker that is dead is tried as seldom as the backoff says,
 * however many ask for it.
 *
 * A user of the link asks for `connection` and, if there is none, calls `open`; `changed` reports each change. Nothing here
 * decides whether a request is repeated.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection, ConnectionOptions } from '@platformatic/kafka';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { BrokerConnection } from '../../network/kafka/broker-connection.ts';
import { connectError } from '../../network/kafka/connect-error.ts';
import { secureOptionsFor } from '../../network/kafka/diagnosis.ts';
import type { KafkaLogin } from '../../network/kafka/settings.ts';
import { guardFrames } from './frame-guard.ts';
import { freeSentRequests } from './sent-requests.ts';

export interface LinkOptions {
  readonly clientId: string;
  readonly connection: ConnectionOptions;
  /** Reads certificates and secrets, again for each connection. */
  readonly login?: KafkaLogin;
  /** Pauses between attempts to connect to a broker; those of `retry` when left out. */
  readonly reconnect?: Pauses;
  readonly retry: Pauses;
}

interface Pauses {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** What takes connections and closes them at once, such as a balancer without a broker behind it, is as dead as what takes none. */
const shortLifeMs = 2000;

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
  /** No attempt to connect before this time, performance.now(). */
  #notBefore = 0;
  #upSince = 0;
  /** Whether the last connection was closed at once. */
  #fickle = false;
  /** Why it may not be usable although a connection may be up. */
  #doubt: string | undefined = 'there has been no connection yet';
  readonly #closing = new AbortController();
  /** Why the last attempt to connect failed; undefined once connected. */
  lastError: MkbError | undefined;
  /** No request before this time (performance.now()): the broker asked for it (KIP-219). */
  throttledUntil = 0;
  /** Produce requests under way. */
  inFlight = 0;
  /** When the last of them was begun, in the producer's time. */
  sentAt = Number.NEGATIVE_INFINITY;

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

  /**
   * Why no request can be sent now, as far as anything is known against it. After one that was closed at once, a connection is believed in
   * when it has lasted a while.
   */
  get unusable(): string | undefined {
    return this.#connection && performance.now() - this.#upSince > shortLifeMs ? undefined : this.#doubt;
  }

  /** Whether no attempt to connect has ended yet. */
  get untried(): boolean {
    return this.#upSince === 0 && !this.lastError;
  }

  /** The connection, if it is up. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Sees to it that there will be a connection: at once, or after the pause that failures have earned. Never throws; `changed` says what came of it. */
  open(): void {
    if (!this.#connection) this.ready().catch(() => undefined);
  }

  /** The connection, as soon as it is up. Throws why it cannot be had: `kafka-unreachable`, `kafka-authentication-failed`, `tls-untrusted` and their like. */
  ready(): Promise<Connection> {
    if (this.#connection) return Promise.resolve(this.#connection);
    return this.#connectOnce();
  }

  /** Opens another connection in the place of the one that is up, if that one is of no more use for new requests. */
  replace(connection = this.#connection): void {
    if (this.#closed || connection === undefined || connection !== this.#connection) return;
    this.#connectOnce().catch(() => this.replace(connection));
  }

  /** Drops the connection; requests under way end with an error. */
  close(): void {
    this.#closing.abort();
    this.drop();
  }

  /** Drops the connection. Another one is opened when somebody asks for it. */
  drop(): void {
    const connections = [this.#connection, ...this.#retired];
    this.#connection = undefined;
    for (const connection of connections) connection?.close().catch(() => undefined);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #connectOnce(): Promise<Connection> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
      this.#changed();
    });
    return this.#connecting;
  }

  async #connect(): Promise<Connection> {
    const pauseMs = this.#notBefore - performance.now();
    if (pauseMs > 0) await pause(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    if (this.#closed)
      throw new MkbError('kafka-unreachable', { address: this.address, reason: 'the connection is closed' });
    const { clientId, connection: options, login } = this.#options;
    let connection: BrokerConnection;
    try {
      const secure = secureOptionsFor(this.host, login ? await login() : options);
      connection = new BrokerConnection(clientId, { ...options, ...secure }, expiring => this.replace(expiring));
      await Promise.resolve(connection.connect(this.host, this.port)).catch(cause => {
        throw connectError(this.address, cause, secure);
      });
    } catch (error) {
      this.#failed(asMkbError(error));
      throw this.lastError;
    }
    guardFrames(connection.socket);
    freeSentRequests(connection.socket);
    this.#upSince = performance.now();
    if (!this.#fickle) this.#doubt = undefined;
    this.lastError = undefined;
    this.#retire();
    this.#connection = connection;
    connection.once('close', () => {
      this.#retired.delete(connection);
      if (this.#connection !== connection) return;
      this.#fickle = performance.now() - this.#upSince < shortLifeMs;
      if (!this.#fickle) {
        this.#failures = 0;
        this.#doubt = undefined;
      } else if (!this.#closed) {
        this.#failed(
          new MkbError('kafka-unreachable', { address: this.address, reason: 'it closes connections at once' }),
        );
      }
      this.#connection = undefined;
      this.#changed();
    });
    if (this.#closed) this.close();
    return connection;
  }

  #failed(error: MkbError): void {
    const { minDelayMs, maxDelayMs } = this.#options.reconnect ?? this.#options.retry;
    this.#notBefore = performance.now() + backoffMs(this.#failures++, minDelayMs, maxDelayMs);
    const { reason } = error.details as { reason?: string };
    this.#doubt = reason ?? error.message;
    this.lastError = error;
  }

  #retire(): void {
    if (this.#connection === undefined) return;
    this.#retired.add(this.#connection);
    this.#connection.retire();
  }
}
