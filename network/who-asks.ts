/**
 * Who sends a request to an HTTP port: the user of this machine, somebody who has the token, or anybody else.
 *
 * That a connection comes from this machine is not enough, since a page in a browser on this machine makes some as well:
 * - A page of another site may send requests to any port, and says in `Origin` or `Sec-Fetch-Site` where it comes from.
 * - A name that its owner points at 127.0.0.1 makes such a page one of "this" site (DNS rebinding). Its requests carry that name as their `Host`.
 * - A proxy on this machine passes on what somebody sends from anywhere. Most say so in a header. nginx does not, unless it is set up to: it asks in
 *   HTTP/1.0, with our own address as `Host`. The sidecar of Istio that passes bytes on comes from 127.0.0.6, where no program of this machine comes
 *   from by itself. A proxy of bytes that hides even that cannot be known.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Refusal } from './http-server.ts';

/** Reads the token; throws if it cannot be read. Undefined where there is none. */
export type TokenReader = (() => Promise<string>) | undefined;

/** Why somebody may not have what only the user of this machine, or who has the token, may have; undefined if they may. */
export async function refusalTo(request: IncomingMessage, token: TokenReader): Promise<Refusal | undefined> {
  if (isOfAnotherSite(request)) return { status: 403, text: 'Requests of other web pages are refused.\n' };
  const { authorization } = request.headers;
  if (authorization !== undefined && token !== undefined)
    return isSame(authorization, `Bearer ${await token()}`) ? undefined : unauthorised;
  if (isOfThisMachine(request)) return undefined;
  return token === undefined ? { status: 403, text: 'Only this machine may ask for that.\n' } : unauthorised;
}

/** Whether nobody but the user of this machine can have sent it. */
function isOfThisMachine(request: IncomingMessage): boolean {
  return isLoopback(request.socket.remoteAddress) && isLocalHost(request.headers.host) && !isPassedOn(request);
}

/** Whether a page of another site sent it. */
export function isOfAnotherSite({ headers }: IncomingMessage): boolean {
  const { host, origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  return origin !== undefined && hostOf(origin) !== host?.toLowerCase();
}

/** Whether a proxy passes it on: its sender may be anywhere. */
function isPassedOn({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.0' || Object.keys(headers).some(name => ofProxies.test(name));
}

/** Headers of proxies, balancers, content networks and meshes: who it comes from, where it went, and the traces that they add. */
const ofProxies =
  /^(forwarded(-.*)?|via|max-forwards|cdn-loop|(x-)?original-.*|x-(real-ip|forwarded|proxyuser-ip)|x-(forwarded|envoy|original|amzn|b3|cloud-trace|azure|arr)-.*|l5d-.*|cf-.*|.*-client-ip|.*-connecting-ip)$/;

/** Programs of this machine come from these alone, whichever address of 127.0.0.0/8 they ask. */
const isLoopback = (address = ''): boolean => /^((::ffff:)?127\.0\.0\.1|::1)$/.test(address);

/** Whether a `Host` is a name of this machine that nobody else can give to another. */
const isLocalHost = (host = ''): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host);

/** `null` of a page without an origin is no host. */
const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);

const unauthorised: Refusal = {
  status: 401,
  text: 'Give the token: Authorization: Bearer ...\n',
  headers: { 'www-authenticate': 'Bearer' },
};

/** In a time that says nothing of the token. */
const isSame = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
