/**
 * A byte stream to an MQTT server, and the two that are sockets: tcp and tls. The third is in websocket-transport.ts.
 *
 * A socket reads into one buffer of its own, again and again (`onread`), so a busy connection allocates nothing for what it reads. Buffers lie outside
 * the heap of JavaScript, and a new one for each read makes V8 collect all garbage again and again: with TLS that was half of the CPU time.
 * Therefore a chunk is valid until the handler has returned or, if it paused the transport, until it resumes it.
 *
 * The surprising case is TLS: one read of the network can hold several TLS records, and Node hands over all of them although reading was stopped after
 * the first. So each gets a buffer of its own while the transport is paused, and the reader has several chunks that wait.
 */
import { connect as connectTcp, type Socket, type SocketConstructorOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { hostOf, portOf } from './server-url.ts';
import { type Security, tlsOptions } from './tls.ts';

export interface Transport {
  /** `bytes` must not be changed afterwards. Writing to a closed transport does nothing. */
  write(bytes: Buffer): void;
  /** No more `data`, except for frames of a WebSocket and records of TLS that were read already. */
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
/** No TLS record has more (RFC 8446, 5.1), and each is handed over by itself. */
const tlsRecordBytes = 16 * 1024;

/** What a socket and its transport share. Without events the transport was given up. */
interface Line {
  events: TransportEvents | undefined;
  paused: boolean;
}

export function openTcp({ url }: Target, events: TransportEvents): Transport {
  const line: Line = { events, paused: false };
  const buffer = Buffer.allocUnsafeSlow(readBufferBytes);
  const callback = (length: number): boolean => {
    line.events?.data(buffer.subarray(0, length));
    return !line.paused;
  };
  const socket = connectTcp({ host: hostOf(url), port: portOf(url), onread: { buffer, callback } });
  socket.once('connect', () => line.events?.opened());
  return overSocket(socket, line);
}

export function openTls({ url, security }: Target, events: TransportEvents): Transport {
  const line: Line = { events, paused: false };
  const host = hostOf(url);
  let buffer = Buffer.allocUnsafeSlow(tlsRecordBytes);
  const callback = (length: number): boolean => {
    line.events?.data(buffer.subarray(0, length));
    if (line.paused) buffer = Buffer.allocUnsafeSlow(tlsRecordBytes);
    // What is false here does not stop the records that are there already, and keeps Node from asking for the buffer.
    return true;
  };
  // The types of Node do not have `onread` here, and its documentation does.
  const reading: Pick<SocketConstructorOpts, 'onread'> = { onread: { buffer: () => buffer, callback } };
  const socket = connectTls({ host, port: portOf(url), ...tlsOptions(security, host), ...reading });
  socket.once('secureConnect', () => line.events?.opened());
  return overSocket(socket, line);
}

function overSocket(socket: Socket, line: Line): Transport {
  let failure: Error | undefined;
  // An acknowledgement is small, and must not wait for the next one.
  socket.setNoDelay(true);
  socket.on('error', error => {
    failure = error;
  });
  socket.once('close', () => line.events?.closed(failure));
  return {
    write: bytes => void (socket.writable && socket.write(bytes)),
    pause: () => {
      line.paused = true;
      socket.pause();
    },
    resume: () => {
      line.paused = false;
      socket.resume();
    },
    end: () => void socket.end(),
    destroy: () => {
      line.events = undefined;
      socket.destroy();
    },
  };
}
