/** An API server that says exactly what a test wants it to, at the moment it wants: for faults that a real one has only now and then. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

/** One request. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

export interface ScriptedApi {
  readonly config: KubeConfig;
  readonly asked: Asked[];
  /** How many connections are open. */
  open(): Promise<number>;
  stop(): Promise<void>;
}

/** @param answer called with each request */
export async function startScriptedApi(answer: Answer): Promise<ScriptedApi> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = await read(request);
    asked.push(one);
    answer(response, one);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    config: configOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    asked,
    open: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A kubeconfig. Plain HTTP must be allowed in it. */
export function configOf(server: string, user: object = {}): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'scripted', server, skipTLSVerify: true }],
    users: [{ name: 'somebody', ...user }],
    contexts: [{ name: 'scripted', cluster: 'scripted', user: 'somebody' }],
    currentContext: 'scripted',
  });
  return config;
}

async function read(request: IncomingMessage): Promise<Asked> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const { pathname, searchParams } = new URL(request.url!, 'http://any');
  return {
    method: request.method!,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: request.headers,
    body: Buffer.concat(pieces).toString(),
  };
}

export const thingKind: ResourceKind = {
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
};

export const thing = (name: string, resourceVersion: string | number, more: object = {}): KubeObject => ({
  apiVersion: thingKind.apiVersion,
  kind: thingKind.kind,
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: `${resourceVersion}` },
  ...more,
});

/** Answers as the API server gives them. */
export const json =
  (code: number, body: object, headers: Record<string, string> = {}): Answer =>
  response =>
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

export const status = (code: number, more: object = {}, headers: Record<string, string> = {}): Answer =>
  json(code, { kind: 'Status', code, message: `the script says ${code}`, ...more }, headers);

/** @param next the token of the next page */
export const page = (version: string | number, items: readonly KubeObject[], next?: string): Answer =>
  json(200, { items, metadata: { resourceVersion: `${version}`, continue: next } });

/** What a watch says, as text. */
export const events = (...all: readonly (readonly [type: string, object: object])[]): string =>
  all.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join('');

export const bookmark = (version: string | number): string =>
  events(['BOOKMARK', { metadata: { resourceVersion: `${version}` } }]);

/** A watch that says this, and then `ends`, is `cut` in the midst, or stays `silent`. */
export const watch =
  (text: string, then: 'ends' | 'cut' | 'silent' = 'ends'): Answer =>
  response => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (then === 'ends') response.end(text);
    else if (then === 'silent') response.write(text);
    else response.write(text, () => setImmediate(() => response.destroy()));
  };

/** Answers lists and watches each from a row, of which the last one stays. */
export function inTurn(lists: Answer[], watches: Answer[]): Answer {
  const next = (row: Answer[]) => (row.length > 1 ? row.shift()! : row[0]!);
  return (response, asked) => next(asked.query.watch ? watches : lists)(response, asked);
}
