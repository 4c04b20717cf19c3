/** The HTTP endpoint of a part: /metrics for Prometheus, /healthz for whether the process is alive, /readyz for whether it can move messages. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { type HttpServer, listenHttp, type Refusal, reply } from '../../network/http-server.ts';

/** What /readyz asks of a bridge. */
export interface Readiness {
  readonly name: string;
  /** Why it is not ready, e.g. ['MQTT is not connected']; empty if it is. */
  missing(): readonly string[];
}

/** Answers any request for a path. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export type HttpEndpoint = Pick<HttpServer, 'url' | 'close'>;

/**
 * Serves until closed. Throws `listen-failed`.
 *
 * @param refusal asked before each page of /metrics; undefined lets the request through, and so does leaving it out
 * @param others more paths
 */
export function serveHttp(
  address: { readonly host: string; readonly port: number },
  registry: Pick<Registry, 'metrics' | 'contentType'>,
  bridges: () => readonly Readiness[],
  refusal?: (request: IncomingMessage) => Promise<Refusal | undefined>,
  others: ReadonlyMap<string, Handler> = new Map(),
): Promise<HttpEndpoint> {
  let text: Promise<string> | undefined;
  /** Once for all who ask at the same time: it is the one answer that costs something. */
  const metrics = (): Promise<string> => {
    text ??= registry.metrics().finally(() => {
      text = undefined;
    });
    return text;
  };
  const metricsTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refused = await refusal?.(request);
    if (refused) return reply(response, refused.status, refused.text, refused.headers);
    const page = await metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(page);
  };
  const answer = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method } = request;
    const other = others.get(path);
    if (other) return await other(request, response);
    if (method !== 'GET' && method !== 'HEAD') reply(response, 405, 'Only GET is answered here.\n');
    else if (path === '/metrics') await metricsTo(request, response);
    else if (path === '/healthz') reply(response, 200, 'ok\n');
    else if (path === '/readyz') readiness(response, bridges());
    else reply(response, 404, `Here are ${others.has('/') ? '/, ' : ''}/metrics, /healthz and /readyz.\n`);
  };
  return listenHttp({ ...address, connectionsOfOne: 128, answer });
}

function readiness(response: ServerResponse, bridges: readonly Readiness[]): void {
  const missing = bridges.flatMap(bridge => bridge.missing().map(reason => `${bridge.name}: ${reason}\n`));
  if (bridges.length === 0) missing.push('no bridge is running\n');
  if (missing.length > 0) reply(response, 503, missing.join(''));
  else reply(response, 200, 'ready\n');
}
