/** Asks a schema registry with Confluent's API: JSON by GET, over connections that are kept. https://docs.confluent.io/platform/current/schema-registry/develop/api.html */
import { Agent as HttpAgent, type IncomingMessage, get as plainGet } from 'node:http';
import { Agent as HttpsAgent, get as secureGet } from 'node:https';
import { MkbError } from '../../api/errors.ts';
import type { TlsTexts } from '../../api/tls-texts.ts';

export interface RegistryOptions {
  /** Such as https://registry.example:8081; a path is where the API begins. */
  readonly url: string;
  /** The value of the header `authorization`, asked for before each request; undefined without login. */
  readonly authorization?: () => Promise<string>;
  readonly tls?: TlsTexts;
  readonly requestTimeoutMs: number;
}

const answerLimit = 16 * 1024 * 1024;
const accept = 'application/vnd.schemaregistry.v1+json, application/json';

export class RegistryClient {
  readonly #options: RegistryOptions;
  readonly #base: string;
  readonly #agent: HttpAgent;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
    const kept = { keepAlive: true, maxSockets: 4 };
    this.#agent = this.#secure ? new HttpsAgent({ ...kept, ...tlsOptions(options.tls) }) : new HttpAgent(kept);
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
  async get(path: string): Promise<Readonly<Record<string, unknown>>> {
    const url = this.address(path);
    const authorization = await this.#options.authorization?.();
    const headers: Record<string, string> = { accept, ...(authorization !== undefined && { authorization }) };
    const { status, text } = await this.#request(url, headers).catch(cause => {
      throw MkbError.is(cause) ? cause : unreachable(url, cause);
    });
    if (status === 401 || status === 403) throw new MkbError('registry-not-authorised', { url, status });
    if (status === 404) throw new MkbError('registry-schema-missing', { url });
    if (status !== 200) throw new MkbError('registry-failed', { url, reason: `HTTP ${status}` });
    return readObject(url, text);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #request(url: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
    const get = this.#secure ? secureGet : plainGet;
    const signal = AbortSignal.timeout(this.#options.requestTimeoutMs);
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      get(url, { agent: this.#agent, headers, signal }, resolve).once('error', reject),
    );
    return { status: response.statusCode ?? 0, text: await readText(response, url) };
  }
}

const readObject = (url: string, text: string): Readonly<Record<string, unknown>> => {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null) return answer as Readonly<Record<string, unknown>>;
  } catch {
    // Told below, as any other answer that makes no sense.
  }
  throw new MkbError('registry-failed', { url, reason: 'the answer is no JSON object' });
};

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

/** An AggregateError, of several addresses that were tried, has no message of its own. */
function unreachable(url: string, cause: unknown): MkbError {
  const { name, message, errors } = cause as Error & { errors?: Error[] };
  const late = name === 'AbortError' || name === 'TimeoutError';
  const reason = late ? 'it takes too long' : message || errors?.[0]?.message || name;
  return new MkbError('registry-unreachable', { url, reason }, { cause });
}

function tlsOptions({ ca, cert, key, serverName, insecureSkipVerify }: Partial<TlsTexts> = {}) {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: insecureSkipVerify !== true,
  };
}
