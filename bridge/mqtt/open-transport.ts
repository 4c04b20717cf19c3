import { isSecure, isWebSocket } from './server-url.ts';
import { openTcp, openTls, type Target, type Transport, type TransportEvents } from './transport.ts';
import { openWebSocket } from './websocket-transport.ts';

/** Opens a transport. Its events come later, never during this call. */
export function openTransport(target: Target, events: TransportEvents): Transport {
  if (isWebSocket(target.url)) return openWebSocket(target, events);
  return isSecure(target.url) ? openTls(target, events) : openTcp(target, events);
}
