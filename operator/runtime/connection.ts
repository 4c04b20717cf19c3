/**
 * Requests to the API server that a kubeconfig names: over connections that are kept and used again, each with a limit of time, and
 * with credentials as they are at that moment.
 *
 * Certificates and tokens are renewed under a running process (a service account's token each hour), so the kubeconfig is asked again
 * for each request. Connections belong to the certificates that they were made with: when those change, new requests go over new
 * connections, and the old ones end as they fall idle. The client library's own dispatcher is made again for each request and so never
 * uses a connection twice, and its agent keeps none; that is why the agent is ours, except behind a proxy.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, validateHeaderValue } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { MkbError } from '../../api/errors.ts';

/** Where the API server is, and with which credentials: what a `KubeConfig` of the client library has, among much else. */
export interface ApiAccess {
  /** null when there is none. */
  getCurrentCluster(): { readonly server: string; readonly proxyUrl?: string | undefined } | null;
  /** Adds credentials as they are now. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; `application/json` when left out. */
  readonly contentType?: string;
  /** The kind of answer; `application/json` when left out. */
  readonly accept?: string;
  /** Cuts the request, and the reading of its answer, at any time. */
  readonly signal: AbortSignal;
}

const json = 'application/json';

/** Below the idle limits of load balancers (60 s) and of the API server (90 s), so that a connection is never used as it is closed. */
const idleMs = 30_000;

/** What a connection is made of: with another of these it is another connection. */
const tlsOptions = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;

export class Connection {
  readonly #config: ApiAccess;
  readonly #userAgent: string;
  #credentials: Promise<RequestOptions> | undefined;
  #agent: { readonly agent: HttpAgent; readonly fingerprint: string } | undefined;
  /** For messages: `https://10.0.0.1:6443`. */
  readonly server: string;

  /** @throws kube-config when the kubeconfig has no current cluster */
  constructor(config: ApiAccess, userAgent: string) {
    const cluster = config.getCurrentCluster();
    if (!cluster) {
      throw new MkbError('kube-config', { where: 'the kubeconfig', reason: 'its current context names no cluster' });
    }
    this.#config = config;
    this.#userAgent = userAgent;
    // A path that begins with two slashes is another place, where nothing is.
    this.server = cluster.server.replace(/\/+$/, '');
  }

  /**
   * Sends a request, and returns when the head of its answer is there, whatever its status. The body is the caller's to read.
   *
   * @throws the signal's reason when it was aborted; kube-unreachable, kube-credentials
   */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    const { signal } = request;
    const credentials = await untilAborted(this.#readCredentials(), signal);
    const url = new URL(this.server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const options: RequestOptions = {
      ...credentials,
      method: request.method,
      agent: this.#agentFor(url, credentials),
      headers: { ...credentials.headers, ...this.#headers(body, request) },
      signal,
    };
    const sent = url.protocol === 'http:' ? httpRequest(url, options) : httpsRequest(url, options);
    try {
      sent.end(body);
      const [answer] = await once(sent, 'response');
      // From here on a cut connection is an error of the answer's body; without a listener here it would end the process.
      sent.on('error', () => undefined);
      return answer as IncomingMessage;
    } catch (error) {
      throw this.failure(error, signal);
    }
  }

  /** What an error of a request or of its answer's body means; the signal's own reason if that was the cause. */
  failure(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    const { message, code } = error as NodeJS.ErrnoException;
    return new MkbError(
      'kube-unreachable',
      {
        server: this.server,
        reason: message.trim() || code || 'the connection was lost',
        refused: code === 'ECONNREFUSED',
      },
      { cause: error },
    );
  }

  /** Ends connections that nobody uses. Those of requests under way end with them. */
  close(): void {
    if (this.#agent) endIdle(this.#agent.agent);
    this.#agent = undefined;
  }

  /** Asks the kubeconfig, once for all the requests that wait for the answer: it may be a command that takes a second. */
  #readCredentials(): Promise<RequestOptions> {
    this.#credentials ??= this.#askConfig().finally(() => {
      this.#credentials = undefined;
    });
    return this.#credentials;
  }

  async #askConfig(): Promise<RequestOptions> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
      return { ...options, headers: headersOf(options) };
    } catch (error) {
      const reason = (error as Error).message.trim() || 'the command that gives them failed';
      throw new MkbError('kube-credentials', { server: this.server, reason }, { cause: error });
    }
  }

  #headers(
    body: Buffer | undefined,
    { accept = json, contentType = json }: HttpRequest,
  ): Record<string, string | number> {
    const common = { accept, 'user-agent': this.#userAgent };
    return body ? { ...common, 'content-type': contentType, 'content-length': body.length } : common;
  }

  #agentFor(url: URL, credentials: RequestOptions): RequestOptions['agent'] {
    if (this.#config.getCurrentCluster()?.proxyUrl) return credentials.agent;
    const tls = Object.fromEntries(tlsOptions.map(name => [name, credentials[name]]));
    const hash = createHash('sha256');
    for (const [name, value] of Object.entries(tls)) hash.update(`${name}=${value}\n`);
    const fingerprint = hash.digest('base64');
    if (this.#agent?.fingerprint === fingerprint) return this.#agent.agent;
    this.close();
    const kept = { keepAlive: true, keepAliveMsecs: idleMs, timeout: idleMs };
    const agent = url.protocol === 'http:' ? new HttpAgent(kept) : new HttpsAgent({ ...tls, ...kept });
    this.#agent = { agent, fingerprint };
    return agent;
  }
}

/**
 * Tokens are read from files, which people end with a newline; a header must not.
 * @throws Error that names a header which cannot be sent, and not its value
 */
function headersOf(credentials: RequestOptions): Record<string, string> {
  const headers = Object.entries(credentials.headers ?? {}).map(
    ([name, value]) => [name, String(value).trim()] as const,
  );
  for (const [name, value] of headers) validateHeaderValue(name, value);
  return Object.fromEntries(headers);
}

function endIdle(agent: HttpAgent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** `work`, or the signal's reason as soon as that is aborted. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
