/**
 * A byte stream to an MQTT server: tcp, tls, or WebSocket (websocket-transport.ts), all with the same small face.
 *
 * A socket reads into one buffer of its own, again and again (`onread`), so a busy connection allocates nothing for what it reads.
 * Therefore a chunk is valid until the handler has returned or, if it paused the transport, until it resumes it.
 */
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { hostOf, isSecure, isWebSocket, portOf } from './server-url.ts';
import { type Security, tlsOptions } from './tls.ts';
import { openWebSocket } from './websocket-transport.ts';

export interface Transport {
  /** `bytes` must not be changed afterwards. Writing to a closed transport does nothing. */
  write(bytes: Buffer): void;
  /** No more `data`, except for frames of a WebSocket that were read already. */
  pause(): void;
  resume(): void;
  /** Sends what was written, and closes in good order. */
  end(): void;
  /** Closes now, and calls nothing any more. */
  destroy(): void;
}

export interface TransportEvents {
  opened(): void;
  data(chunk: Buffer): void;
  /** Once. Without an error: the other side closed in good order. */
  closed(error?: Error): void;
}

export interface Target {
  readonly url: URL;
  readonly security: Security;
  /** For the upgrade request of a WebSocket. */
  readonly headers: Readonly<Record<string, string>>;
}

const readBufferBytes = 128 * 1024;

/** Opens a transport. Its events come later, never during this call. */
export function openTransport(target: Target, events: TransportEvents): Transport {
  return isWebSocket(target.url) ? openWebSocket(target, events) : openSocket(target, events);
}

function openSocket({ url, security }: Target, events: TransportEvents): Transport {
  let listener: TransportEvents | undefined = events;
  let paused = false;
  let failure: Error | undefined;
  const host = hostOf(url);
  const onread = {
    buffer: Buffer.allocUnsafeSlow(readBufferBytes),
    callback: (length: number, buffer: Uint8Array): boolean => {
      listener?.data((buffer as Buffer).subarray(0, length));
      return !paused;
    },
  };
  const options = { host, port: portOf(url), noDelay: true, onread };
  const secure = isSecure(url);
  const socket = secure ? connectTls({ ...options, ...tlsOptions(security, host) }) : connectTcp(options);
  socket.once(secure ? 'secureConnect' : 'connect', () => listener?.opened());
  socket.on('error', error => {
    failure = error;
  });
  socket.once('close', () => listener?.closed(failure));
  return {
    write: bytes => void (socket.writable && socket.write(bytes)),
    pause: () => {
      paused = true;
      socket.pause();
    },
    resume: () => {
      paused = false;
      socket.resume();
    },
    end: () => void socket.end(),
    destroy: () => {
      listener = undefined;
      socket.destroy();
    },
  };
}
