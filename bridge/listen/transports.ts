/**
 * Connections that clients make, by TCP, TLS or WebSocket, as one thing: bytes in, bytes out.
 *
 * What was read belongs to the reader: unlike the transport that the session has, no buffer is used twice, because ten thousand connections
 * that are mostly silent must not hold one each.
 */
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls, type TLSSocket, type TlsOptions } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { type ClientCertificate, readCertificate } from './login/certificate.ts';
import type { PortOptions, ServerTls } from './options.ts';

export interface ClientTransport {
  readonly address: string;
  readonly port: number;
  /** What the client has shown, if we trust it. */
  readonly certificate: ClientCertificate | undefined;
  /** Whether what was written waits, since the client does not read. */
  readonly congested: boolean;
  /** What was read of a frame that is not complete, roughly, bytes. */
  readonly gatheredBytes: number;
  /** Writing to a closed transport does nothing. */
  write(bytes: Buffer): void;
  /** What is written until `uncork` goes out at once. */
  cork(): void;
  uncork(): void;
  pause(): void;
  resume(): void;
  /** Sends what was written, and closes. What still comes is thrown away. */
  end(): void;
  destroy(): void;
}

export interface ClientEvents {
  data(chunk: Buffer): void;
  /** What was written has been taken. */
  drained(): void;
  closed(): void;
}

/** Takes a connection; undefined if it is refused. */
export type Accept = (transport: ClientTransport) => ClientEvents | undefined;

export interface ServerSettings {
  readonly handshakeTimeoutMs: number;
  readonly maximumPacketSize: number;
  /** Whether another connection may be made from this address. Asked before anything is spent on it; each that may calls `left` at its end. */
  readonly admit: (address: string) => boolean;
  readonly left: (address: string) => void;
  readonly accept: Accept;
}

const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };
const most = 64 * 1024;

/** A server that does not listen yet. */
export function serverOf({ tls, webSocketPath }: PortOptions, settings: ServerSettings): Server {
  const options = tls && tlsOptionsOf(tls, settings);
  if (webSocketPath !== undefined) return webSocketServer(webSocketPath, options, settings);
  if (options === undefined)
    return guarded(
      createTcp(socketOptions, socket => overSocket(socket, settings)),
      settings,
    );
  return guarded(
    createTls({ ...options, ...socketOptions }, socket => overSocket(socket, settings)),
    settings,
  );
}

const tlsOptionsOf = (tls: ServerTls, { handshakeTimeoutMs }: ServerSettings) => ({
  ...certificatesOf(tls),
  handshakeTimeout: handshakeTimeoutMs,
  ...(tls.clientCa !== undefined && { requestCert: true, rejectUnauthorized: true }),
});

/** What a secure context is made of. */
export const certificatesOf = ({ cert, key, passphrase, clientCa }: ServerTls) => ({
  cert,
  key,
  ...(passphrase !== undefined && { passphrase }),
  ...(clientCa !== undefined && { ca: clientCa }),
});

/** Refuses connections before a handshake is made for them, and survives those that break off. */
function guarded<S extends Server>(server: S, { admit, left }: ServerSettings): S {
  const plain = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    // A connection that is reset says so by an error; each has an end in `close`, too.
    socket.on('error', () => undefined);
    const address = addressOf(socket);
    if (!admit(address)) {
      socket.destroy();
      return;
    }
    socket.once('close', () => left(address));
    for (const listener of plain) listener.call(server, socket);
  });
  server.on('tlsClientError', (_error, socket: Socket) => void socket.destroy());
  return server;
}

function overSocket(socket: Socket, { accept }: ServerSettings): void {
  let ended = false;
  socket.on('error', () => undefined);
  const events = accept({
    ...peerOf(socket),
    get congested() {
      return socket.writableLength > most;
    },
    gatheredBytes: 0,
    write: bytes => void (socket.writable && socket.write(bytes)),
    cork: () => socket.cork(),
    uncork: () => socket.uncork(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => {
      ended = true;
      socket.end();
      socket.resume();
    },
    destroy: () => void socket.destroy(),
  });
  if (events === undefined) {
    socket.destroy();
    return;
  }
  socket.on('data', chunk => void (ended || events.data(chunk as Buffer)));
  socket.on('drain', () => events.drained());
  socket.once('close', () => events.closed());
}

const peerOf = (socket: Socket): Pick<ClientTransport, 'address' | 'port' | 'certificate'> => ({
  address: addressOf(socket),
  port: socket.remotePort ?? 0,
  certificate: certificateOf(socket),
});

/** Of IPv4 as it is written, also where a server of IPv6 sees it. */
const addressOf = ({ remoteAddress = '' }: Socket): string => remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');

function certificateOf(socket: Socket): ClientCertificate | undefined {
  if (!('getPeerCertificate' in socket) || !(socket as TLSSocket).authorized) return undefined;
  return readCertificate((socket as TLSSocket).getPeerCertificate());
}

/** RFC 6455, with the subprotocol `mqtt` [MQTT-6.0.0-3] and binary frames only [MQTT-6.0.0-1]. */
function webSocketServer(path: string, tls: TlsOptions | undefined, settings: ServerSettings): HttpServer {
  const limits = { requestTimeout: settings.handshakeTimeoutMs, headersTimeout: settings.handshakeTimeoutMs };
  const server = tls
    ? createHttps({ ...tls, ...socketOptions, ...limits })
    : createHttp({ ...socketOptions, ...limits });
  const sockets = new WebSocketServer({
    noServer: true,
    path,
    perMessageDeflate: false,
    maxPayload: settings.maximumPacketSize + most,
    handleProtocols: offered => (offered.has('mqtt') ? 'mqtt' : offered.has('mqttv3.1') ? 'mqttv3.1' : false),
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined);
    if (!sockets.shouldHandle(request)) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, opened => overWebSocket(opened, socket as Socket, settings));
  });
  server.on('request', (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end('MQTT over WebSocket is served here.\n');
  });
  return guarded(server, settings);
}

function overWebSocket(opened: WebSocket, socket: Socket, { accept }: ServerSettings): void {
  let ended = false;
  let takenBytes = socket.bytesRead;
  opened.on('error', () => undefined);
  const events = accept({
    ...peerOf(socket),
    get congested() {
      return opened.bufferedAmount > most;
    },
    get gatheredBytes() {
      return Math.max(0, socket.bytesRead - takenBytes);
    },
    write: bytes => void (opened.readyState === WebSocket.OPEN && opened.send(bytes)),
    cork: () => socket.cork(),
    uncork: () => socket.uncork(),
    pause: () => opened.pause(),
    resume: () => opened.resume(),
    end: () => {
      ended = true;
      opened.close();
      opened.resume();
    },
    destroy: () => opened.terminate(),
  });
  if (events === undefined) {
    opened.terminate();
    return;
  }
  opened.on('message', (data, isBinary) => {
    takenBytes = socket.bytesRead;
    if (ended) return;
    if (isBinary) events.data(data as Buffer);
    else opened.close(1003);
  });
  socket.on('drain', () => events.drained());
  opened.once('close', () => events.closed());
}
