/**
 * `POST /-/reload`: who may ask for it, and what they get.
 *
 * It changes what runs, so it is for whoever is on this machine, or has the token. A page in a browser on this machine may send requests to it as well, without
 * anybody's will: such a request says where it comes from, and is refused. So is one that a proxy passes on, whose sender may be anywhere.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Refusal, reply } from '../../network/http-server.ts';
import { refusalTo, type TokenReader } from '../../network/who-asks.ts';
import type { ReloadReport } from './reloads.ts';

export interface ReloadGate {
  /** Without it only this machine may ask. */
  readonly token: TokenReader;
  reload(): Promise<ReloadReport>;
}

export async function answerReload(
  { token, reload }: ReloadGate,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = await refusalOf(request, token);
  if (refusal !== undefined) {
    reply(response, refusal.status, refusal.text, refusal.headers);
    return;
  }
  const { ok, text } = await reload();
  reply(response, ok ? 200 : 422, text);
}

async function refusalOf(request: IncomingMessage, token: TokenReader): Promise<Refusal | undefined> {
  const { method, headers } = request;
  if (method !== 'POST') return { status: 405, text: 'Only POST is answered here.\n', headers: { allow: 'POST' } };
  if (ofBrowsers.some(name => headers[name] !== undefined))
    return { status: 403, text: 'Requests of web pages are refused.\n' };
  return refusalTo(request, token);
}

// Not `sec-fetch-mode`, which Node's own fetch sends too.
const ofBrowsers = ['origin', 'referer', 'sec-fetch-site'];
