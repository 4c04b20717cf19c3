/**
 * The Kubernetes API as functions: each is one request, with a limit of time and one error for each thing that can go wrong.
 *
 * Objects are plain data. What the server answers is not checked against a type: who asks for a kind knows what it looks like.
 */
import type { IncomingMessage } from 'node:http';
import { MkbError } from '../../api/errors.ts';
import { isList, notAsExpected, parse, statusOf } from './answers.ts';
import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  ListOptions,
  ListPage,
  LogOptions,
  PatchOperation,
  PatchOptions,
  WatchOptions,
} from './calls.ts';
import { type ApiAccess, Connection, type HttpRequest } from './connection.ts';
import { groupPath, pathOf, type ResourceKind } from './kinds.ts';
import { type KubeObject, keyText, type ObjectKey } from './object.ts';
import { statusError } from './status-error.ts';
import { TimeLimit } from './time-limit.ts';
import { lines, type WatchEvent, watchEvents } from './watch-stream.ts';

export type * from './calls.ts';

/** A request that has ended, or a watch that has begun. */
export interface RequestFigures {
  readonly method: HttpRequest['method'];
  /** The HTTP status, or `<error>` when there was none, as client-go's metrics have it. */
  readonly code: string;
  readonly seconds: number;
}

export interface ApiClientOptions {
  /** Sent to the server, whose audit log tells clients apart by it. */
  readonly userAgent?: string;
  /** How long a request may take, milliseconds; of a watch, until it begins. */
  readonly timeoutMs?: number;
  /** For metrics. */
  readonly onRequest?: (figures: RequestFigures) => void;
  /** Asked before each request that changes something; what it throws is thrown in its place. A leader looks here whether it still leads. */
  readonly beforeWrite?: () => void;
}

/**
 * No object has this version: etcd's history begins with it, and the first object is written after that. So an apply that names it conflicts with
 * any object that is there, as one that names an old version does, and makes one where there is none, which has no version to compare.
 */
const neverWritten = '1';

type Query = NonNullable<HttpRequest['query']>;

interface Call extends CallOptions {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string | undefined;
  readonly maxBytes?: number | undefined;
  readonly action: string;
}

const pods: ResourceKind = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
const partial = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1`;

/**
 * A client of one API server.
 *
 * Any method throws kube-unreachable, kube-timeout, kube-credentials, kube-unauthorized, kube-forbidden, kube-overloaded or kube-failed,
 * those that write also kube-invalid, and the reason of its signal when that is aborted.
 */
export class ApiClient {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #onRequest: NonNullable<ApiClientOptions['onRequest']>;
  readonly #beforeWrite: NonNullable<ApiClientOptions['beforeWrite']>;

  /** @throws kube-config when the kubeconfig has no current cluster */
  constructor(config: ApiAccess, options: ApiClientOptions = {}) {
    this.#connection = new Connection(config, options.userAgent ?? 'mqtt-kafka-kit');
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#onRequest = options.onRequest ?? (() => undefined);
    this.#beforeWrite = options.beforeWrite ?? (() => undefined);
  }

  /** The address of the API server. */
  get server(): string {
    return this.#connection.server;
  }

  /** An object as it is now; undefined when there is none. */
  async get(kind: ResourceKind, key: ObjectKey, options?: CallOptions): Promise<KubeObject | undefined> {
    const path = pathOf(kind, key.namespace, key.name);
    const call = this.#call({ method: 'GET', path, action: `get ${nameOf(kind, key)}`, ...options });
    return (await orUndefined(call)) as KubeObject | undefined;
  }

  /**
   * A page of a collection.
   *
   * @throws kube-gone when `continue` or `resourceVersion` is older than the server's history
   * @throws kube-answer-too-long when it is longer than `maxBytes`
   */
  async list(kind: ResourceKind, options: ListOptions = {}): Promise<ListPage> {
    const { namespace, signal, metadataOnly, maxBytes, ...query } = options;
    const path = pathOf(kind, namespace);
    const action = `list ${kind.kind}`;
    const accept = metadataOnly ? partial('PartialObjectMetadataList') : undefined;
    const answer = await this.#call({ method: 'GET', path, query, action, signal, accept, maxBytes });
    if (!isList(answer)) throw notAsExpected(action, 'no list', JSON.stringify(answer));
    const { items, metadata } = answer;
    return {
      // The items of a list do not say what they are.
      items: (items ?? []).map(item => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })),
      resourceVersion: metadata.resourceVersion,
      continue: metadata.continue || undefined,
      remaining: metadata.remainingItemCount,
    };
  }

  /**
   * What happens in a collection from a resource version on, with bookmarks. It ends when the server ends it, and with the signal; a
   * caller that leaves the loop closes the connection.
   *
   * @throws kube-gone when the resource version is older than the server's history, at the start or later
   */
  async *watch(kind: ResourceKind, options: WatchOptions): AsyncGenerator<WatchEvent, void, void> {
    const { namespace, signal, metadataOnly, ...rest } = options;
    const query = { ...rest, watch: true, allowWatchBookmarks: true };
    const action = `watch ${kind.kind}`;
    const accept = metadataOnly ? partial('PartialObjectMetadata') : undefined;
    const request: Call = { method: 'GET', path: pathOf(kind, namespace), query, action, signal, accept };
    const limit = new TimeLimit(this.#timeoutMs, action, signal);
    try {
      const answer = await this.#send(request, limit);
      limit.lift();
      for await (const { type, object } of watchEvents(this.#body(answer, limit.signal), action)) {
        // Metadata alone says of itself that it is that.
        yield { type, object: metadataOnly ? { ...object, apiVersion: kind.apiVersion, kind: kind.kind } : object };
      }
    } finally {
      limit.end();
    }
  }

  /** What a Pod has logged, line by line; with `follow`, until it ends. @throws kube-not-found; kube-failed while its container has not begun */
  async *log(pod: ObjectKey, { signal, ...query }: LogOptions = {}): AsyncGenerator<string, void, void> {
    const path = `${pathOf(pods, pod.namespace, pod.name)}/log`;
    const action = `get the log of ${nameOf(pods, pod)}`;
    const limit = new TimeLimit(this.#timeoutMs, action, signal);
    try {
      // Other kinds of answers are refused, although it is plain text.
      const answer = await this.#send({ method: 'GET', path, query, action, accept: '*/*', signal }, limit);
      limit.lift();
      yield* lines(this.#body(answer, limit.signal));
    } finally {
      limit.end();
    }
  }

  /** @throws kube-already-exists; kube-not-found when its namespace or kind is not there */
  async create(kind: ResourceKind, object: KubeObject, options?: CallOptions): Promise<KubeObject> {
    const path = pathOf(kind, object.metadata.namespace);
    const action = `create ${nameOf(kind, object.metadata)}`;
    return (await this.#call({ method: 'POST', path, body: object, action, ...options })) as KubeObject;
  }

  /** Asks what is answered and not stored, such as a TokenReview. @returns the answer's `status` */
  async review({ apiVersion, kind, plural }: ResourceKind, spec: object, options?: CallOptions): Promise<unknown> {
    const path = `${groupPath(apiVersion)}/${plural}`;
    const body = { apiVersion, kind, spec };
    const answer = await this.#call({ method: 'POST', path, body, action: `create ${kind}`, ...options });
    return (answer as { status?: unknown } | null)?.status;
  }

  /** Writes the whole object. @throws kube-conflict when it has another resource version by now; kube-not-found */
  async replace(kind: ResourceKind, object: KubeObject, options?: CallOptions): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    const action = `replace ${nameOf(kind, object.metadata)}`;
    const path = pathOf(kind, namespace, name);
    return (await this.#call({ method: 'PUT', path, body: object, action, ...options })) as KubeObject;
  }

  /**
   * Server-side apply: the object has these fields from now on, and they are `fieldManager`'s; fields that it set before and does not
   * name now are removed. Makes the object if there is none. https://kubernetes.io/docs/reference/using-api/server-side-apply/
   *
   * @returns the object as the server has it now
   * @throws kube-conflict with the fields and their managers, unless `force`
   */
  async apply(kind: ResourceKind, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { signal, subresource, dryRun, force, onlyCreate = false, fieldManager } = options;
    const { namespace, name } = object.metadata;
    const body = onlyCreate ? { ...object, metadata: { ...object.metadata, resourceVersion: neverWritten } } : object;
    const answer = await this.#call({
      method: 'PATCH',
      path: pathOf(kind, namespace, name, subresource),
      query: { fieldManager, force: force ?? false, dryRun: dryRun ? 'All' : undefined },
      body,
      contentType: 'application/apply-patch+yaml',
      action: `apply ${nameOf(kind, object.metadata)}`,
      signal,
    });
    return answer as KubeObject;
  }

  /** JSON Patch, RFC 6902. @throws kube-invalid when a `test` does not hold; kube-not-found */
  async patch(
    kind: ResourceKind,
    key: ObjectKey,
    operations: readonly PatchOperation[],
    { fieldManager, signal }: PatchOptions = {},
  ): Promise<KubeObject> {
    const answer = await this.#call({
      method: 'PATCH',
      path: pathOf(kind, key.namespace, key.name),
      query: { fieldManager },
      body: operations,
      contentType: 'application/json-patch+json',
      action: `patch ${nameOf(kind, key)}`,
      signal,
    });
    return answer as KubeObject;
  }

  /** Deletes an object; that there is none is as good. @throws kube-conflict when it has another uid */
  async delete(kind: ResourceKind, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { uid, propagationPolicy = 'Background', signal } = options;
    const path = pathOf(kind, key.namespace, key.name);
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy,
      preconditions: uid ? { uid } : undefined,
    };
    const call = this.#call({ method: 'DELETE', path, body, action: `delete ${nameOf(kind, key)}`, signal });
    await orUndefined(call);
  }

  /** The plural names of the kinds that a group version serves; undefined when the cluster does not have it. */
  async discover(groupVersion: string, options?: CallOptions): Promise<ReadonlySet<string> | undefined> {
    const call = this.#call({
      method: 'GET',
      path: groupPath(groupVersion),
      action: `discover ${groupVersion}`,
      ...options,
    });
    const answer = (await orUndefined(call)) as { resources: { name: string }[] } | undefined;
    return answer && new Set(answer.resources.map(resource => resource.name).filter(name => !name.includes('/')));
  }

  /** Lets go of connections that nobody uses. */
  close(): void {
    this.#connection.close();
  }

  /** One request and the whole of its answer. */
  async #call(call: Call): Promise<unknown> {
    const limit = new TimeLimit(this.#timeoutMs, call.action, call.signal);
    try {
      const answer = await this.#send(call, limit);
      const text = await this.#text(answer, limit.signal, call);
      return parse(text, call.action);
    } finally {
      limit.end();
    }
  }

  /** @returns an answer that is a success */
  async #send(call: Call, limit: TimeLimit): Promise<IncomingMessage> {
    const { method, action } = call;
    if (method !== 'GET') this.#beforeWrite();
    const startedAt = performance.now();
    const ended = (code: string) => this.#onRequest({ method, code, seconds: (performance.now() - startedAt) / 1000 });
    let answer: IncomingMessage;
    try {
      answer = await this.#connection.send({ ...call, signal: limit.signal });
    } catch (error) {
      ended('<error>');
      throw error;
    }
    const code = answer.statusCode!;
    ended(String(code));
    if (code < 300) return answer;
    const text = await this.#text(answer, limit.signal, { action, maxBytes: longestRefusal });
    const retryAfter = Number(answer.headers['retry-after']);
    throw statusError(action, code, statusOf(text), Number.isFinite(retryAfter) ? retryAfter : undefined);
  }

  async *#body(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    try {
      yield* answer as AsyncIterable<Buffer>;
    } catch (error) {
      throw this.#connection.failure(error, signal);
    }
  }

  async #text(
    answer: IncomingMessage,
    signal: AbortSignal,
    { action, maxBytes = Number.POSITIVE_INFINITY }: Pick<Call, 'action' | 'maxBytes'>,
  ): Promise<string> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of this.#body(answer, signal)) {
      length += piece.length;
      if (length > maxBytes) throw new MkbError('kube-answer-too-long', { action, limit: maxBytes });
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }
}

/** What a refusal may say, in bytes: of an object that is not valid it may be much. */
const longestRefusal = 8 * 2 ** 20;

const nameOf = (kind: ResourceKind, key: ObjectKey): string => `${kind.kind} ${keyText(key)}`;

async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (MkbError.is(error, 'kube-not-found')) return undefined;
    throw error;
  }
}
