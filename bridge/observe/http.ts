/** The bridge's HTTP endpoint: /metrics for Prometheus, /healthz for whether the process is alive, /readyz for whether it can move messages. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { MkbError } from '../../api/errors.ts';

/** What /readyz asks of a bridge. */
export interface Readiness {
  readonly name: string;
  /** Why it is not ready, e.g. ['MQTT is not connected']; empty if it is. */
  missing(): readonly string[];
}

export interface HttpEndpoint {
  /** Where it really listens, e.g. http://127.0.0.1:9400. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves until closed. Throws `listen-failed`. */
export async function serveHttp(
  address: { readonly host: string; readonly port: number },
  registry: Registry,
  bridges: () => readonly Readiness[],
): Promise<HttpEndpoint> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (request.method !== 'GET' && request.method !== 'HEAD') reply(response, 405, 'Only GET is answered here.\n');
    else if (path === '/metrics') void metrics(response, registry);
    else if (path === '/healthz') reply(response, 200, 'ok\n');
    else if (path === '/readyz') readiness(response, bridges());
    else reply(response, 404, 'Here are /metrics, /healthz and /readyz.\n');
  });
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', cause =>
    reject(new MkbError('listen-failed', { address: `${host}:${port}`, reason: cause.message }, { cause })),
  );
  server.listen(port, host, resolve);
  await promise;
}

async function metrics(response: ServerResponse, registry: Registry): Promise<void> {
  try {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  } catch (error) {
    reply(response, 500, `${(error as Error).message}\n`);
  }
}

function readiness(response: ServerResponse, bridges: readonly Readiness[]): void {
  const missing = bridges.flatMap(bridge => bridge.missing().map(reason => `${bridge.name}: ${reason}\n`));
  if (bridges.length === 0) missing.push('no bridge is running\n');
  if (missing.length > 0) reply(response, 503, missing.join(''));
  else reply(response, 200, 'ready\n');
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
