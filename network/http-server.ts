/**
 * The one HTTP server of every part: bridge, exporter, operator, simulator and demo answer Prometheus, kubelets and browsers with it.
 *
 * Whoever reaches the port may send anything, and nothing of it may end the process or hold it:
 * - The path is cut out of the request's target and never parsed: `//`, `*`, a whole URL and wrong percent-encodings are paths that are
 *   not there.
 * - What a handler throws, now or later, is an answer of 500. Whoever asks for another protocol (`Upgrade`) gets the answer to a plain request,
 *   and whoever wants a tunnel (`CONNECT`) is cut off.
 * - A head that is not complete within seconds, a body that never ends, a client that does not read its answer: each is cut off after its time,
 *   and there are so many connections at most. Node's own parser answers a head that is malformed (400) or too large (431).
 * - A request whose body nobody wants is answered and its connection closed, not read to the end.
 * - A client that sends thousands of requests on a connection and reads no answer is cut off: the answers would wait in memory.
 */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { MkbError } from '../api/errors.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM; served over TLS with it. With `ca` and `requestCert` only to clients whose certificate it has signed. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer; readonly requestCert?: boolean };
  /** How many connections there may be; 256 when left out. A browser takes six, Prometheus and a kubelet one each. */
  readonly connections?: number;
  /** How many of them one address may have; all when left out. The others are for who must know that all is well, such as a kubelet. */
  readonly connectionsOfOne?: number;
  /** How long a head may take, from the connection or the request before it, milliseconds; ten seconds when left out. */
  readonly headMs?: number;
  /** Answers a request. What it throws is answered with 500. */
  readonly answer: (path: string, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
}

export interface HttpServer {
  readonly port: number;
  /** Where it really listens, e.g. http://127.0.0.1:9400. */
  readonly url: string;
  readonly server: Server | TlsServer;
  /** Listens no longer, and ends connections: those that answer, after `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** How long a whole request may take, milliseconds. */
const requestMs = 30_000;
/** A connection on which nothing moves for so long, in either direction, is closed. */
const silentMs = 30_000;
/** Requests of one connection that may wait for their answers. Clients in use send one, and the next when that is answered. */
const mostWaiting = 16;

/** Serves until closed. Throws `listen-failed`. */
export async function listenHttp(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, tls, connections = 256, connectionsOfOne, headMs = 10_000 } = options;
  const limits = {
    headersTimeout: headMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(2000, headMs),
  };
  const waiting = new WeakMap<Socket, number>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    // Whoever goes away in the middle of an answer is no event.
    response.on('error', () => undefined);
    const { socket } = request; // Which the request has no longer when it was destroyed.
    const before = waiting.get(socket) ?? 0;
    if (before >= mostWaiting) return void socket.destroy();
    waiting.set(socket, before + 1);
    response.once('close', () => waiting.set(socket, waiting.get(socket)! - 1));
    // Otherwise Node reads what is left of the request, however long that is.
    response.once('finish', () => {
      if (!request.complete) socket.destroySoon();
    });
    void answered(options, request, response);
  };
  const server = tls
    ? createTlsServer({ ...limits, ...tls, handshakeTimeout: headMs }, handle)
    : createServer(limits, handle);
  server.maxConnections = connections;
  if (connectionsOfOne !== undefined) limitEach(server, connectionsOfOne);
  server.setTimeout(silentMs);
  await listening(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  const scheme = tls ? 'https' : 'http';
  return {
    port: bound,
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    server,
    close: (graceMs = 0) => closed(server, graceMs),
  };
}

/** No address has more connections than that. */
function limitEach(server: Server | TlsServer, most: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '' } = socket;
    const before = open.get(remoteAddress) ?? 0;
    if (before >= most) return void socket.destroy();
    open.set(remoteAddress, before + 1);
    socket.once('close', () => {
      const left = open.get(remoteAddress)! - 1;
      if (left > 0) open.set(remoteAddress, left);
      else open.delete(remoteAddress);
    });
  });
}

async function answered(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await options.answer(pathOf(request.url), request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else reply(response, 500, `${(error as Error).message}\n`);
  }
}

/** The path of a request's target: without a query, and without scheme and host where a client names them, as proxies do. */
export function pathOf(target = '/'): string {
  return target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] || '/';
}

/** The answer to somebody who may not have what they ask for. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** A short answer in plain text. */
export function reply(response: ServerResponse, status: number, text: string, headers?: OutgoingHttpHeaders): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(text);
}

async function listening(server: Server | TlsServer, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (cause: Error): void =>
    reject(new MkbError('listen-failed', { address: `${host}:${port}`, reason: cause.message }, { cause }));
  server.once('error', failed);
  server.listen(port, host, resolve);
  await promise;
  server.off('error', failed);
  // A connection that cannot be accepted, as when there are no more file descriptors, is that client's trouble.
  server.on('error', () => undefined);
}

async function closed(server: Server | TlsServer, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const cut = (): void => server.closeAllConnections();
  if (graceMs === 0) cut();
  else server.closeIdleConnections();
  const timer = setTimeout(cut, graceMs);
  await promise;
  clearTimeout(timer);
}
