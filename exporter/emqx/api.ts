/** Reads EMQX's REST API, version 5: JSON by GET, never more than fits, over connections that are kept. */
import { type IncomingMessage, get as plainGet, type RequestOptions } from 'node:http';
import { get as secureGet } from 'node:https';
import { MkbError } from '../../api/errors.ts';
import { failureText, tlsFailure } from '../../network/connect-failure.ts';
import { RenewedAgent } from '../../network/renewed-agent.ts';
import type { TlsTexts } from '../../network/tls-settings.ts';

export interface EmqxApiOptions {
  /** Such as http://emqx:18083. */
  readonly url: string;
  readonly apiKey: string;
  /** Asked for before each request, as are the TLS settings. */
  readonly apiSecret: () => Promise<string>;
  readonly tls?: () => Promise<TlsTexts>;
}

/** Questions under way at once: enough to be quick, and no load for EMQX. */
const parallel = 4;
const answerLimit = 16 * 1024 * 1024;

export class EmqxApi {
  readonly #base: string;
  readonly #authorization: () => Promise<string>;
  readonly #agent: RenewedAgent;
  readonly #secure: boolean;

  constructor({ url, apiKey, apiSecret, tls }: EmqxApiOptions) {
    this.#base = `${url.replace(/\/$/, '')}/api/v5`;
    this.#secure = url.startsWith('https:');
    this.#authorization = async () => `Basic ${Buffer.from(`${apiKey}:${await apiSecret()}`).toString('base64')}`;
    this.#agent = new RenewedAgent(this.#secure, parallel, tls);
  }

  /**
   * The answer to GET `/api/v5<path>`; undefined if there is no such thing (404) and `optional` says that this may be.
   * Throws `emqx-unreachable`, `emqx-not-authorised` or `emqx-request-failed`.
   */
  async get(path: string, signal: AbortSignal, { optional = false } = {}): Promise<unknown> {
    const url = `${this.#base}${path}`;
    const response = await this.#request(url, signal).catch(cause => {
      throw MkbError.is(cause) ? cause : unreachable(url, cause, this.#agent.withCertificate);
    });
    const status = response.statusCode ?? 0;
    const text = await readText(response, url);
    if (status === 401 || status === 403) throw new MkbError('emqx-not-authorised', { url, status });
    if (status === 404 && optional) return undefined;
    if (status !== 200) throw new MkbError('emqx-request-failed', { url, reason: `HTTP ${status}` });
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new MkbError('emqx-request-failed', { url, reason: 'it is not JSON' }, { cause });
    }
  }

  /** The answers to one question about each of `items`, a few at a time; undefined of what is gone. */
  async each<Item>(
    items: readonly Item[],
    path: (item: Item) => string,
    signal: AbortSignal,
    answered: (item: Item, answer: unknown) => void,
  ): Promise<void> {
    const left = [...items];
    const worker = async (): Promise<void> => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) {
        const answer = await this.get(path(item), signal, { optional: true });
        answered(item, answer);
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #request(url: string, signal: AbortSignal): Promise<IncomingMessage> {
    const get = this.#secure ? secureGet : plainGet;
    const headers = { authorization: await this.#authorization(), accept: 'application/json' };
    const options: RequestOptions = { agent: await this.#agent.current(), headers, signal };
    return await new Promise((resolve, reject) =>
      get(url, options, resolve)
        .on('error', reject)
        .on('close', () => reject(closed())),
    );
  }
}

/** A server that changes the protocol is cut off by Node, without an error. After an answer this is no news. */
const closed = (): Error => new Error('the connection was closed without an answer');

async function readText(response: IncomingMessage, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > answerLimit) throw new MkbError('emqx-request-failed', { url, reason: 'it has more than 16 MiB' });
    }
  } catch (cause) {
    throw MkbError.is(cause) ? cause : unreachable(url, cause);
  }
  return Buffer.concat(chunks).toString();
}

function unreachable(url: string, cause: unknown, withCertificate = false): MkbError {
  const tls = tlsFailure(cause, `the API of EMQX at ${url}`, withCertificate);
  return tls ?? new MkbError('emqx-unreachable', { url, reason: failureText(cause) }, { cause });
}
