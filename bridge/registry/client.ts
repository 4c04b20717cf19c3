/** Asks a schema registry with Confluent's API: JSON, over connections that are kept. https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { MkbError } from '../../api/errors.ts';
import { failureText, tlsFailure } from '../../network/connect-failure.ts';
import { RenewedAgent } from '../../network/renewed-agent.ts';
import type { TlsTexts } from '../../network/tls-settings.ts';

export interface RegistryOptions {
  /** Such as https://registry.example:8081; a path is where the API begins. */
  readonly url: string;
  /** The value of the header `authorization`, asked for before each request; undefined without login. */
  readonly authorization?: () => Promise<string>;
  /** Asked for before each request. */
  readonly tls?: () => Promise<TlsTexts>;
  readonly requestTimeoutMs: number;
}

/** The object that an answer is. */
export type Answer = Readonly<Record<string, unknown>>;

const answerLimit = 16 * 1024 * 1024;
const accept = 'application/vnd.schemaregistry.v1+json, application/json';

export class RegistryClient {
  readonly #options: RegistryOptions;
  readonly #base: string;
  readonly #agent: RenewedAgent;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
    this.#agent = new RenewedAgent(this.#secure, 4, options.tls);
  }

  get #secure(): boolean {
    return this.#base.startsWith('https:');
  }

  /** The whole address of a path of the API. */
  address(path: string): string {
    return this.#base + path;
  }

  /**
   * The answer to GET `path`. Throws `registry-unreachable`, `registry-failed` and `registry-not-authorised`, which may pass, and
   * `registry-schema-missing` where there is no such thing; what `authorization` throws.
   */
  get(path: string): Promise<Answer> {
    return this.#ask(path);
  }

  /** The answer to POST `path`. Throws as `get`, and `registry-schema-refused` for what the registry does not take. */
  post(path: string, body: object): Promise<Answer> {
    return this.#ask(path, JSON.stringify(body));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(path: string, body?: string): Promise<Answer> {
    const url = this.address(path);
    const authorization = await this.#options.authorization?.();
    const headers: Record<string, string> = {
      accept,
      ...(authorization !== undefined && { authorization }),
      ...(body !== undefined && { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
    };
    const { status, text } = await this.#request(url, headers, body).catch(cause => {
      throw MkbError.is(cause) ? cause : unreachable(url, cause, this.#agent.withCertificate);
    });
    if (status === 401 || status === 403) throw new MkbError('registry-not-authorised', { url, status });
    if (status === 404) throw new MkbError('registry-schema-missing', { url });
    if (status === 409 || status === 422)
      throw new MkbError('registry-schema-refused', { url, reason: reasonIn(text) });
    if (status !== 200) throw new MkbError('registry-failed', { url, reason: `HTTP ${status}` });
    return readObject(url, text);
  }

  async #request(
    url: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<{ status: number; text: string }> {
    const ask = this.#secure ? secureRequest : plainRequest;
    const signal = AbortSignal.timeout(this.#options.requestTimeoutMs);
    const method = body === undefined ? 'GET' : 'POST';
    const agent = await this.#agent.current();
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      ask(url, { agent, headers, method, signal }, resolve)
        .on('error', reject)
        .on('close', () => reject(closed()))
        .end(body),
    );
    return { status: response.statusCode ?? 0, text: await readText(response, url) };
  }
}

/** What the registry says of its refusal. */
const reasonIn = (text: string): string => {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? 'it gives no reason');
  } catch {
    return 'it gives no reason';
  }
};

const readObject = (url: string, text: string): Answer => {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null) return answer as Answer;
  } catch {
    // Told below, as any other answer that makes no sense.
  }
  throw new MkbError('registry-failed', { url, reason: 'the answer is no JSON object' });
};

/** A server that changes the protocol is cut off by Node, without an error. After an answer this is no news. */
const closed = (): Error => new Error('the connection was closed without an answer');

async function readText(response: IncomingMessage, url: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > answerLimit) throw new MkbError('registry-failed', { url, reason: 'the answer has more than 16 MiB' });
  }
  return Buffer.concat(chunks).toString();
}

function unreachable(url: string, cause: unknown, withCertificate: boolean): MkbError {
  const tls = tlsFailure(cause, `the schema registry ${url}`, withCertificate);
  const reason = failureText(cause);
  return tls ?? new MkbError('registry-unreachable', { url, reason }, { cause });
}
