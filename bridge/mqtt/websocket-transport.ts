import { WebSocket } from 'ws';
import { hostOf, isSecure } from './server-url.ts';
import { tlsOptions } from './tls.ts';
import type { Target, Transport, TransportEvents } from './transport.ts';
import { Upgrade } from './upgrade.ts';

/** Close codes of a good end: with status "normal", and without a status (RFC 6455, 7.4.1). */
const goodEnds: readonly number[] = [1000, 1005];

/**
 * MQTT over WebSocket: subprotocol `mqtt` [MQTT-6.0.0-3], binary frames only [MQTT-6.0.0-1]. A frame is a piece of the stream: a packet may lie
 * across frames, and a frame may hold several [MQTT-6.0.0-2].
 */
export function openWebSocket({ url, security, headers }: Target, events: TransportEvents): Transport {
  let listener: TransportEvents | undefined = events;
  let failure: Error | undefined;
  const socket = new WebSocket(url, 'mqtt', {
    headers: { ...headers },
    perMessageDeflate: false,
    ...(isSecure(url) ? tlsOptions(security, hostOf(url)) : {}),
  });
  socket.once('open', () => listener?.opened());
  socket.once('unexpected-response', (_, response) => {
    const status = response.statusCode ?? 0;
    failure = new Upgrade(`it answered the request with HTTP ${status}`, status);
    socket.terminate();
  });
  socket.on('error', error => {
    failure ??= notHttp(error) ? new Upgrade('its answer is not HTTP') : error;
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) return listener?.data(data as Buffer);
    failure = new Error('the server sent text through the WebSocket');
    socket.terminate();
  });
  socket.once('close', code => {
    if (!goodEnds.includes(code)) failure ??= new Error(`the WebSocket was closed with code ${code}`);
    listener?.closed(failure);
  });
  return {
    write: bytes => void (socket.readyState === WebSocket.OPEN && socket.send(bytes)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.close(),
    destroy: () => {
      listener = undefined;
      socket.terminate();
    },
  };
}

/** Node's parser of HTTP could not read the answer, or `ws` does not take it. */
const notHttp = ({ code, message }: NodeJS.ErrnoException): boolean =>
  code?.startsWith('HPE_') === true || /^(Invalid Sec-WebSocket|Server sent|Invalid Upgrade)/.test(message);
