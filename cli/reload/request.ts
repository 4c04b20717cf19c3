/**
 * `POST /-/reload`: who may ask for it, and what they get.
 *
 * It changes what runs, so it is for whoever is on this machine, or has the token. A page in a browser on this machine may send requests to it as well, without
 * anybody's will: such a request says where it comes from, and is refused. So is one that a proxy passes on, whose sender may be anywhere.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Refusal, reply } from '../../network/http-server.ts';
import type { ReloadReport } from './reloads.ts';

export interface ReloadGate {
  /** Reads the token; without it only this machine may ask. Throws if it cannot be read. */
  readonly token: (() => Promise<string>) | undefined;
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

async function refusalOf(request: IncomingMessage, token: ReloadGate['token']): Promise<Refusal | undefined> {
  const { method, headers, socket } = request;
  if (method !== 'POST') return { status: 405, text: 'Only POST is answered here.\n', headers: { allow: 'POST' } };
  if (ofBrowsers.some(name => headers[name] !== undefined))
    return { status: 403, text: 'Requests of web pages are refused.\n' };
  const { authorization } = headers;
  if (authorization !== undefined && token !== undefined)
    return isSame(authorization, `Bearer ${await token()}`) ? undefined : unauthorised;
  const isPassedOn = ofProxies.some(name => headers[name] !== undefined);
  if (isLoopback(socket.remoteAddress) && !isPassedOn) return undefined;
  return token === undefined ? { status: 403, text: 'Only this machine may ask for that.\n' } : unauthorised;
}

const unauthorised: Refusal = {
  status: 401,
  text: 'Give the token: Authorization: Bearer ...\n',
  headers: { 'www-authenticate': 'Bearer' },
};

// Not `sec-fetch-mode`, which Node's own fetch sends too.
const ofBrowsers = ['origin', 'referer', 'sec-fetch-site'];
const ofProxies = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

const isLoopback = (address = ''): boolean => /^(::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/.test(address);

/** In a time that says nothing of the token. */
const isSame = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
