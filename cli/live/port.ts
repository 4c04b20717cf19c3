/** The HTTP port of a process that runs bridges. */
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { MkbError } from '../../api/errors.ts';

export interface BridgePort {
  /** Where it is, for messages. */
  readonly where: string;
  /** The answer to GET, if its status is 200. Throws `tap-unreachable` and `tap-refused`, and nothing else. */
  get(path: string, signal: AbortSignal): Promise<IncomingMessage>;
}

/** How long the head of an answer may take, milliseconds. */
const patienceMs = 10_000;

/** @param token that others than its own machine need */
export function urlPort(url: URL, token?: string): BridgePort {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    where: url.origin,
    get: (path, signal) => {
      const target = new URL(path, url);
      return answerOf(url.origin, options => send(target, options), { headers, signal, agent: false });
    },
  };
}

async function answerOf(
  where: string,
  send: (options: RequestOptions) => ClientRequest,
  options: RequestOptions,
): Promise<IncomingMessage> {
  const response = await headOf(where, send, options);
  if (response.statusCode === 200) return response;
  const said = (await text(response.setTimeout(patienceMs)).catch(() => '')).trim().slice(0, 1000);
  throw new MkbError('tap-refused', { where, status: response.statusCode ?? 0, said });
}

function headOf(where: string, send: (options: RequestOptions) => ClientRequest, options: RequestOptions) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const failed = (cause: Error): void => {
    const reason = cause instanceof AggregateError ? cause.errors.map(String).join('; ') : cause.message;
    reject(new MkbError('tap-unreachable', { where, reason }, { cause }));
  };
  try {
    const sent = send(options).on('error', failed);
    const timer = setTimeout(
      () => sent.destroy(new Error(`it has not answered in ${patienceMs / 1000} s`)),
      patienceMs,
    );
    sent.once('close', () => clearTimeout(timer));
    sent.once('response', response => {
      clearTimeout(timer);
      resolve(response);
    });
    sent.end();
  } catch (cause) {
    failed(cause as Error);
  }
  return promise;
}
