/**
 * The HTTPS server that the API server asks. Its certificate is a file that somebody else renews (cert-manager, or a person), so it is
 * looked at again and again, and connections that are made from then on get the new one.
 *
 * Whoever reaches its port may send it documents, for few API servers have a certificate to show (`clientCa` is for those that do). So what it takes is
 * bounded: so many requests at once of such a size, each checked in a thread and in a time. What is too much is answered with 503, which an API server
 * takes as a webhook that is down.
 */
import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { MkbError } from '../../api/errors.ts';
import { listenHttp } from '../../network/http-server.ts';
import type { CheckSettings, DocumentProblem } from '../reconcile/document.ts';
import type { Log } from '../runtime/log.ts';
import type { KubeObject } from '../runtime/object.ts';
import { CheckThread } from '../verdicts/check-thread.ts';
import { type AdmissionRequest, review } from './review.ts';

export interface WebhookOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The folder of `tls.crt` and `tls.key`, in PEM. */
  readonly certificates: string;
  /** The file of the authorities, in PEM, one of which must have signed the client's certificate; left out, nobody is asked for one. */
  readonly clientCa?: string | undefined;
  readonly settings: CheckSettings;
  /** See `review`; left out where nothing is known of bridges that run. */
  readonly refused?: (resource: KubeObject) => readonly DocumentProblem[];
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

/** How many requests are read and answered at once, each of them 4 MiB at most. */
const atOnce = 8;

/** Less than the time that the API server waits: with all that wait before it, a document has a verdict within that. */
const threadOptions = { limitMs: 1500, mostWaiting: 2 };

/** Serves until closed. @throws webhook-certificate-unreadable, listen-failed */
export async function serveWebhook(options: WebhookOptions): Promise<Webhook> {
  const { host, port, renewalMs = 10_000 } = options;
  const thread = new CheckThread(threadOptions);
  let requests = 0;
  const http = await listenHttp({
    host,
    port,
    tls: await certificateIn(options),
    connections: 32,
    answer: async (path, request, response) => {
      if (path !== webhookPath || request.method !== 'POST') return reply(response, 404, {});
      if (requests >= atOnce || !thread.hasRoom) return reply(response, 503, {});
      requests++;
      await answer(request, response, thread, options).finally(() => requests--);
    },
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
      thread.close();
      await http.close();
    },
  };
}

async function certificateIn({ certificates: folder, clientCa }: WebhookOptions) {
  try {
    const files = [join(folder, 'tls.crt'), join(folder, 'tls.key'), ...(clientCa === undefined ? [] : [clientCa])];
    const [cert, key, ca] = await Promise.all(files.map(file => readFile(file)));
    const pair = { cert: cert!, key: key!, ...(ca && { ca, requestCert: true }) };
    createSecureContext(pair); // Throws when they are no PEM, or do not belong together.
    return pair;
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
async function renew(server: Server, options: WebhookOptions): Promise<void> {
  const { certificates, log } = options;
  try {
    server.setSecureContext(await certificateIn(options));
    log.info({ folder: certificates }, 'the certificate of the webhook was renewed');
  } catch (error) {
    log.warn({ folder: certificates, err: error }, 'the new certificate of the webhook cannot be used');
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  thread: CheckThread,
  { settings, refused, log }: WebhookOptions,
): Promise<void> {
  try {
    const body = await bodyOf(request);
    if (body === undefined) return reply(response, 413, {});
    const { apiVersion, kind, request: asked } = JSON.parse(body) as AdmissionReview;
    if (!thread.hasRoom) return reply(response, 503, {});
    reply(response, 200, {
      apiVersion,
      kind,
      response: await review(asked, each => thread.check(each, { settings }), refused),
    });
  } catch (error) {
    log.warn({ err: error }, 'a request to the webhook cannot be understood');
    reply(response, 400, {});
  }
}

interface AdmissionReview {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: AdmissionRequest;
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
