/** A schema registry on a free port, with the part of Confluent's API that is asked for, which can be told to fail. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TlsOptions } from 'node:tls';

export interface StoredSchema {
  readonly id: number;
  readonly schema: string;
  readonly schemaType?: 'AVRO' | 'PROTOBUF' | 'JSON' | string;
  /** Further schemas, each a version of a subject under the name by which it is imported. */
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

export class SchemaRegistry {
  /** Paths that were asked for, in their order. */
  readonly asked: string[] = [];
  /** The value of the header `authorization` of the last request. */
  authorization: string | undefined;
  /** What each request gets instead of an answer: another one, a connection that breaks, or nothing. */
  failure: { readonly status: number; readonly body?: string } | 'reset' | 'silence' | undefined;
  /** The text of a schema that is not taken. */
  incompatible: string | undefined;
  readonly #server: Server;
  readonly #byId = new Map<number, StoredSchema>();
  readonly #subjects = new Map<string, StoredSchema[]>();

  readonly #scheme: 'http' | 'https';

  private constructor(tls: TlsOptions | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
    this.#scheme = tls === undefined ? 'http' : 'https';
  }

  /** @param tls for https */
  static async start(tls?: TlsOptions): Promise<SchemaRegistry> {
    const registry = new SchemaRegistry(tls);
    await registry.listen(0);
    return registry;
  }

  /** Again, after `stop`. */
  async listen(port: number): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds a version to a subject. */
  add(subject: string, schema: StoredSchema): void {
    this.#byId.set(schema.id, schema);
    this.#subjects.set(subject, [...(this.#subjects.get(subject) ?? []), schema]);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.asked.push(path);
    this.authorization = request.headers.authorization;
    if (this.failure === 'reset') {
      request.socket.destroy();
      return;
    }
    if (this.failure === 'silence') return;
    const found = this.failure === undefined ? this.#find(path) : undefined;
    const status = this.failure?.status ?? (found === undefined ? 404 : 200);
    if (request.method === 'POST' && this.failure === undefined) {
      void this.#register(request, response, path);
      return;
    }
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(
      this.failure?.body ?? JSON.stringify(found ?? { error_code: status * 100 + 3, message: 'Schema not found' }),
    );
  }

  /** A schema that is there already keeps its id. */
  async #register(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const subject = decodeURIComponent(/^\/subjects\/([^/]+)\/versions$/.exec(path)?.[1] ?? '');
    const { schema, schemaType } = JSON.parse(await text(request)) as StoredSchema;
    const known = [...this.#byId.values()].find(each => each.schema === schema);
    const id = known?.id ?? Math.max(0, ...this.#byId.keys()) + 1;
    const compatible = schema !== this.incompatible;
    if (compatible) this.add(subject, { id, schema, ...(schemaType !== undefined && { schemaType }) });
    response.writeHead(compatible ? 200 : 409);
    response.end(
      JSON.stringify(compatible ? { id } : { error_code: 409, message: 'Schema being registered is incompatible' }),
    );
  }

  #find(path: string): object | undefined {
    const id = /^\/schemas\/ids\/(\d+)$/.exec(path)?.[1];
    if (id !== undefined) return withoutId(this.#byId.get(Number(id)));
    const [, subject, version] = /^\/subjects\/([^/]+)\/versions\/(\w+)$/.exec(path) ?? [];
    if (subject === undefined) return undefined;
    const versions = this.#subjects.get(decodeURIComponent(subject)) ?? [];
    const number = version === 'latest' ? versions.length : Number(version);
    const found = versions[number - 1];
    return found && { subject, version: number, ...found };
  }
}

const withoutId = (stored: StoredSchema | undefined): object | undefined => {
  if (stored === undefined) return undefined;
  const { id: _id, ...rest } = stored;
  return rest;
};
