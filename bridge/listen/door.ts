/** The ports, and who may so much as connect: limits on connections in all, from one address, and a second. */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { MkbError } from '../../api/errors.ts';
import type { ClientCounts, Refusal } from './client-counts.ts';
import type { ListenOptions, ServerTls } from './options.ts';
import { type Accept, certificatesOf, type ServerSettings, serverOf } from './transports.ts';

export class Door {
  readonly #options: ListenOptions;
  readonly #counts: ClientCounts;
  readonly #settings: ServerSettings;
  readonly #addresses = new Map<string, number>();
  #servers: Server[] = [];
  /** Of each server, as it has them. */
  readonly #tls: (ServerTls | undefined)[];
  #open = false;
  #connections = 0;
  /** Connections that may still be made before time has passed. */
  #tokens: number;
  #refilledAt = performance.now();

  constructor(options: ListenOptions, counts: ClientCounts, accept: Accept) {
    const { connectTimeoutMs, maximumPacketSize, connectRate } = options.limits;
    this.#options = options;
    this.#tls = options.ports.map(({ tls }) => tls);
    this.#counts = counts;
    this.#tokens = connectRate;
    this.#settings = {
      handshakeTimeoutMs: connectTimeoutMs,
      maximumPacketSize,
      admit: address => this.#admit(address),
      left: address => this.#left(address),
      accept,
    };
  }

  get open(): boolean {
    return this.#open;
  }

  get ports(): readonly number[] {
    return this.#servers.map(server => (server.address() as AddressInfo | null)?.port ?? 0);
  }

  /** Throws `listener-failed`; then nothing is listened on. */
  async listen(): Promise<void> {
    try {
      for (const each of this.#options.ports) {
        const server = serverOf(each, this.#settings);
        this.#servers.push(server);
        await listening(server, each.port, each.host);
      }
    } catch (error) {
      this.close();
      throw error;
    }
    this.#open = true;
  }

  /**
   * Reads certificates again: connections that are made from now on get them, and who is connected stays. Rejects with `secret-unreadable` and
   * `tls-invalid` of one port; it keeps what it has.
   */
  async reload(): Promise<void> {
    let failure: unknown;
    for (const [index, server] of this.#servers.entries()) {
      try {
        const tls = await this.#options.ports[index]!.readTls?.();
        if (tls === undefined || isDeepStrictEqual(tls, this.#tls[index])) continue;
        (server as TlsServer).setSecureContext(certificatesOf(tls));
        this.#tls[index] = tls;
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }

  /** Takes no more connections. */
  close(): void {
    this.#open = false;
    for (const server of this.#servers) server.close();
  }

  /** Closes what is open without having become a client. */
  destroy(): void {
    for (const server of this.#servers)
      if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
  }

  #admit(address: string): boolean {
    const { connections, connectionsPerAddress } = this.#options.limits;
    const ofAddress = this.#addresses.get(address) ?? 0;
    if (this.#connections >= connections) return this.#refuse('connections');
    if (ofAddress >= connectionsPerAddress) return this.#refuse('address');
    if (!this.#takeToken()) return this.#refuse('rate');
    this.#connections++;
    this.#addresses.set(address, ofAddress + 1);
    return true;
  }

  #refuse(why: Refusal): false {
    this.#counts.refuse(why);
    return false;
  }

  /** A second's worth may come at once. */
  #takeToken(): boolean {
    const { connectRate } = this.#options.limits;
    const now = performance.now();
    this.#tokens = Math.min(connectRate, this.#tokens + ((now - this.#refilledAt) / 1000) * connectRate);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #left(address: string): void {
    this.#connections--;
    const left = (this.#addresses.get(address) ?? 1) - 1;
    if (left === 0) this.#addresses.delete(address);
    else this.#addresses.set(address, left);
  }
}

async function listening(server: Server, port: number, host: string | undefined): Promise<void> {
  server.listen({ port, ...(host !== undefined && { host }), backlog: 4096 });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MkbError('listener-failed', { port, host: host ?? 'all addresses', reason }, { cause });
  }
  // A connection that cannot be accepted, as when there are no more file descriptors, is that client's trouble.
  server.on('error', () => undefined);
}
