/** The agent of requests to one server: connections are kept, and are made again when its TLS settings have changed. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { agentTls, type TlsTexts } from './tls-settings.ts';

export class RenewedAgent {
  readonly #secure: boolean;
  readonly #maxSockets: number;
  readonly #tls: (() => Promise<TlsTexts>) | undefined;
  #agent: HttpAgent | undefined;
  #texts = '';
  /** Whether there is a client certificate to show. */
  withCertificate = false;

  /** @param tls asked before each request; without it, the well-known authorities are trusted */
  constructor(secure: boolean, maxSockets: number, tls: (() => Promise<TlsTexts>) | undefined) {
    this.#secure = secure;
    this.#maxSockets = maxSockets;
    this.#tls = tls;
  }

  /** Throws `secret-unreadable` and `tls-invalid`. */
  async current(): Promise<HttpAgent> {
    const tls = this.#secure ? await this.#tls?.() : undefined;
    const texts = JSON.stringify(tls);
    if (this.#agent && texts === this.#texts) return this.#agent;
    // What is under way on the old one ends by itself.
    const kept = { keepAlive: true, maxSockets: this.#maxSockets };
    const old = this.#agent;
    this.#agent = this.#secure ? new HttpsAgent({ ...kept, ...agentTls(tls) }) : new HttpAgent(kept);
    this.#texts = texts;
    this.withCertificate = tls?.cert !== undefined;
    for (const sockets of Object.values(old?.freeSockets ?? {})) for (const socket of sockets ?? []) socket.destroy();
    return this.#agent;
  }

  destroy(): void {
    this.#agent?.destroy();
  }
}
