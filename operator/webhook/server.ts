/**
 * The HTTPS server that the API server asks. Its certificate is a file that somebody else renews (cert-manager, or a person), so it is
 * looked at again and again, and connections that are made from then on get the new one.
 */
import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { MkbError } from '../../api/errors.ts';
import { listenHttp } from '../../network/http-server.ts';
import type { Log } from '../runtime/log.ts';
import { type AdmissionRequest, type AdmissionResponse, review } from './review.ts';

export interface WebhookOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The folder of `tls.crt` and `tls.key`, in PEM. */
  readonly certificates: string;
  /** How many replicas a document has that does not say. */
  readonly replicas: number;
  readonly log: Log;
  /** How often it is seen whether there is a new certificate. */
  readonly renewalMs?: number;
}

export interface Webhook {
  readonly port: number;
  close(): Promise<void>;
}

/** The path that documents are sent to. */
export const webhookPath = '/validate';

/** A request of the API server is at most 3 MiB. */
const maxBytes = 4 * 2 ** 20;

/** Serves until closed. @throws webhook-certificate-unreadable, listen-failed */
export async function serveWebhook(options: WebhookOptions): Promise<Webhook> {
  const { host, port, renewalMs = 10_000 } = options;
  const http = await listenHttp({
    host,
    port,
    tls: await certificateIn(options.certificates),
    connections: 32, // With a request of 4 MiB in each.
    answer: (path, request, response) => answer(path, request, response, options),
  });
  let known = await changedAt(options.certificates);
  const renewal = setInterval(async () => {
    const now = await changedAt(options.certificates);
    if (now === known) return;
    known = now;
    await renew(http.server as Server, options);
  }, renewalMs);
  options.log.info({ host, port: http.port }, 'the webhook is served');
  return {
    port: http.port,
    close: async () => {
      clearInterval(renewal);
      await http.close();
    },
  };
}

async function certificateIn(folder: string): Promise<{ cert: Buffer; key: Buffer }> {
  try {
    const [cert, key] = await Promise.all(['tls.crt', 'tls.key'].map(name => readFile(join(folder, name))));
    createSecureContext({ cert: cert!, key: key! }); // Throws when they are no PEM, or do not belong together.
    return { cert: cert!, key: key! };
  } catch (cause) {
    throw new MkbError('webhook-certificate-unreadable', { folder, reason: (cause as Error).message }, { cause });
  }
}

/** Undefined while there is none: a volume is changed by one rename, a person's copy is not. */
const changedAt = (folder: string): Promise<number | undefined> =>
  stat(join(folder, 'tls.crt')).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );

/** A certificate that cannot be used keeps the one that could. */
async function renew(server: Server, { certificates, log }: WebhookOptions): Promise<void> {
  try {
    server.setSecureContext(await certificateIn(certificates));
    log.info({ folder: certificates }, 'the certificate of the webhook was renewed');
  } catch (error) {
    log.warn({ folder: certificates, err: error }, 'the new certificate of the webhook cannot be used');
  }
}

async function answer(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  options: WebhookOptions,
): Promise<void> {
  if (path !== webhookPath || request.method !== 'POST') return reply(response, 404, {});
  try {
    const body = await bodyOf(request);
    if (body === undefined) return reply(response, 413, {});
    reply(response, 200, reviewed(JSON.parse(body), options.replicas));
  } catch (error) {
    options.log.warn({ err: error }, 'a request to the webhook cannot be understood');
    reply(response, 400, {});
  }
}

function reviewed(
  { apiVersion, kind, request }: { apiVersion: string; kind: string; request: AdmissionRequest },
  replicas: number,
): { apiVersion: string; kind: string; response: AdmissionResponse } {
  return { apiVersion, kind, response: review(request, replicas) };
}

/** Undefined when it is longer than any that the API server sends. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
