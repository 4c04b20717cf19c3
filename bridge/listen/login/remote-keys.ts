/**
 * The keys that an issuer of tokens publishes at a url (JWKS, RFC 7517): fetched when the bridge starts, every few minutes, and when a token names a key that is not
 * there, since issuers change theirs. Anyone can name such a key, so this happens at most once in some seconds, for all clients together.
 *
 * While it cannot be fetched, the keys that are known go on. Before there are any, clients are asked to come back.
 */
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { MkbError } from '../../../api/errors.ts';
import { failureText, tlsFailure } from '../../../network/connect-failure.ts';
import { RenewedAgent } from '../../../network/renewed-agent.ts';
import { shownUrl } from '../../../network/shown-url.ts';
import { smallRequest } from '../../../network/small-request.ts';
import type { TlsTexts } from '../../../network/tls-settings.ts';
import { Fault } from './fault.ts';
import { readKeySet } from './key-set.ts';

export interface RemoteKeysOptions {
  readonly url: string;
  readonly refreshMs: number;
  readonly timeoutMs: number;
  readonly tls: (() => Promise<TlsTexts>) | undefined;
}

/** Between two requests that tokens cause, or that follow on a failure. */
const pauseMs = 10_000;
const longestSet = 512 * 1024;

export class RemoteKeys {
  readonly #options: RemoteKeysOptions;
  readonly #now: () => number;
  readonly #agent: RenewedAgent;
  #set: JWTVerifyGetKey | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failed = false;
  #asking: Promise<number> | undefined;

  constructor(options: RemoteKeysOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
    this.#agent = new RenewedAgent(options.url.startsWith('https:'), 1, options.tls);
  }

  /** Where the keys are from, without logins in it. */
  get source(): string {
    return shownUrl(this.#options.url);
  }

  /** The key of a token, as `jwtVerify` asks for it. Rejects with `jwt-keys-unavailable` while there are none. */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    if (this.#set === undefined) await this.#askAgain();
    const set = this.#set;
    if (set === undefined) throw this.#unavailable('no keys could be fetched yet');
    try {
      return await set(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#askAgain())) throw error;
      return await (this.#set as JWTVerifyGetKey)(header, token);
    }
  };

  /** Fetches the keys if it is time. Rejects with `jwt-keys-unavailable`, and goes on with those that it has. */
  async reload(): Promise<void> {
    const wait = this.#failed ? Math.min(pauseMs, this.#options.refreshMs) : this.#options.refreshMs;
    if (this.#now() - this.#askedAt >= wait) await this.fetch();
  }

  /** Fetches the keys, and returns how many there are. Rejects with `jwt-keys-unavailable` and `tls-...`. */
  fetch(): Promise<number> {
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Returns whether the keys were fetched just now. */
  async #askAgain(): Promise<boolean> {
    if (this.#asking === undefined && this.#now() - this.#askedAt < pauseMs) return false;
    return await this.fetch().then(
      () => true,
      () => false,
    );
  }

  async #fetch(): Promise<number> {
    this.#askedAt = this.#now();
    this.#failed = true;
    const { url, timeoutMs } = this.#options;
    try {
      const agent = await this.#agent.current();
      const headers = { accept: 'application/jwk-set+json, application/json' };
      const { status, text } = await smallRequest({ url, agent, headers, timeoutMs, limit: longestSet });
      if (status >= 300 && status < 400) throw new Fault(`it answers with a redirect (HTTP ${status})`);
      if (status !== 200) throw new Fault(`it answers HTTP ${status}`);
      const keys = readKeySet(text);
      this.#set = createLocalJWKSet({ keys });
      this.#failed = false;
      return keys.length;
    } catch (cause) {
      if (MkbError.is(cause)) throw cause;
      throw tlsFailure(cause, this.source, this.#agent.withCertificate) ?? this.#unavailable(failureText(cause), cause);
    }
  }

  #unavailable(reason: string, cause?: unknown): MkbError {
    return new MkbError('jwt-keys-unavailable', { source: this.source, reason }, { cause });
  }
}
