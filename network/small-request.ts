/**
 * One request to a server of which little is expected: its answer is bounded in bytes and time, and a redirect is an answer like others, never followed. So no
 * server can hold up, fill up or send elsewhere the process that asks.
 */
import { type Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface SmallRequest {
  readonly url: string;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent by POST; without it the request is GET. */
  readonly body?: string;
  /** From the connection to the last byte of the answer. */
  readonly timeoutMs: number;
  /** The longest answer, bytes. */
  readonly limit: number;
}

export interface SmallAnswer {
  readonly status: number;
  readonly text: string;
}

/** Rejects with what Node raises, and for an answer that is too long. */
export async function smallRequest(options: SmallRequest): Promise<SmallAnswer> {
  const { url, agent, headers, body, timeoutMs, limit } = options;
  const ask = url.startsWith('https:') ? secureRequest : plainRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  const method = body === undefined ? 'GET' : 'POST';
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  ask(url, { agent, headers, method, signal }, resolve)
    .on('error', reject)
    .on('close', () => reject(new Error('the connection was closed without an answer')))
    .end(body);
  const response = await promise;
  return { status: response.statusCode ?? 0, text: await textOf(response, limit) };
}

async function textOf(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop destroys the response, and its connection.
    if (size > limit) throw new Error(`the answer has more than ${limit / 1024} KiB`);
  }
  return Buffer.concat(chunks).toString();
}
