import { MkbError } from '../../api/errors.ts';
import { shownUrl } from '../../network/shown-url.ts';

const defaultPorts: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };

/** The url of a server. Throws `mqtt-url-invalid`, with nothing in it that could be a password. */
export function parseServerUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null)
    throw new MkbError('mqtt-url-invalid', { url: shownUrl(text).replace(/.*@/, '***@'), reason: 'it is no url' });
  const refuse = (reason: string) => new MkbError('mqtt-url-invalid', { url: `${url.protocol}//${url.host}`, reason });
  if (url.username !== '' || url.password !== '') throw refuse('it holds a user name or a password');
  if (!(url.protocol in defaultPorts)) throw refuse(`${url.protocol}// is not mqtt, mqtts, ws or wss`);
  if (url.hostname === '') throw refuse('it names no host');
  return url;
}

/** Host as sockets take it: an IPv6 address without brackets. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

export const portOf = (url: URL): number => Number(url.port || defaultPorts[url.protocol]);

/** Whether the server is reached through TLS. */
export const isSecure = (url: URL): boolean => url.protocol === 'mqtts:' || url.protocol === 'wss:';

export const isWebSocket = (url: URL): boolean => url.protocol === 'ws:' || url.protocol === 'wss:';
