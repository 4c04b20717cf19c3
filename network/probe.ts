/**
 * What listens at a port that closed without a word. Many servers say nothing to a client that speaks another protocol: they close. So
 * they are asked in the other one, with nothing of ours in the question. Asked only before a server has ever let us in: later a silent
 * close is a restart.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

const patienceMs = 3000;

/** Whether TLS can be set up there. No certificate is judged, and nothing is said over it. */
export async function speaksTls(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = openTls(host, port, { rejectUnauthorized: false });
  socket.once('secureConnect', () => resolve(true));
  // A server that demands a certificate says so in TLS.
  socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code?.includes('_ALERT_') === true));
  return await outcome(socket, promise, () => resolve(false));
}

/** What came of a question: the first bytes of an answer, or why there is none; neither if the server closed, or said nothing for a while. */
export interface Answer {
  readonly bytes?: Buffer;
  readonly error?: Error;
}

/** @param tls asks over TLS with these options */
export async function firstAnswer(
  host: string,
  port: number,
  question: Buffer,
  tls?: ConnectionOptions,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const socket = tls ? openTls(host, port, tls) : connectTcp({ host, port });
  socket.once(tls ? 'secureConnect' : 'connect', () => void socket.write(question));
  socket.once('data', bytes => resolve({ bytes }));
  socket.once('error', error => resolve({ error }));
  return await outcome(socket, promise, () => resolve({}));
}

const openTls = (host: string, port: number, options: ConnectionOptions) =>
  connectTls({ servername: isIP(host) ? '' : host, ...options, host, port });

async function outcome<T>(socket: Socket, promise: Promise<T>, nothing: () => void): Promise<T> {
  socket.once('close', nothing);
  const timer = setTimeout(nothing, patienceMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.on('error', () => undefined).destroy();
  }
}
