/**
 * Whether a broker lets a user in: the operator logs in as the user, and leaves. Nothing else says that a broker knows somebody, with this password.
 *
 * The owner of the Pod decides what it answers, so four bytes are read, within a few seconds.
 */
import net from 'node:net';
import tls from 'node:tls';
import { generate } from 'mqtt-packet';

export interface Login {
  /** Address of the Pod. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string;
  readonly password: string;
}

/** `unreachable`: whatever is no answer to the question. */
export type LoginAnswer = 'let-in' | 'refused' | 'unreachable';

const timeoutMs = 3000;

/** CONNACK, and its codes for a bad user name or password and for "not authorised" [MQTT 3.1.1, 3.2]. */
const connack = 0x20;
const refusals: ReadonlySet<unknown> = new Set([4, 5]);

/** Never rejects. */
export function logIn({ host, port, tls: encrypted, username, password }: Login): Promise<LoginAnswer> {
  const { promise, resolve } = Promise.withResolvers<LoginAnswer>();
  // By its address no Pod has a certificate. What is hidden is the password, from those who only listen.
  const socket = encrypted ? tls.connect({ host, port, rejectUnauthorized: false }) : net.connect({ host, port });
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  let bytes = Buffer.alloc(0);
  socket.once(encrypted ? 'secureConnect' : 'connect', () => {
    // Without a client id it takes nobody's session.
    const common = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 10 } as const;
    socket.write(generate({ ...common, clientId: '', username, password: Buffer.from(password) }));
  });
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk.subarray(0, 4)]);
    if (bytes.length < 4) return;
    if (bytes[0] === connack) resolve(bytes[3] === 0 ? 'let-in' : refusals.has(bytes[3]) ? 'refused' : 'unreachable');
    socket.end(Buffer.from([0xe0, 0]));
    socket.destroySoon();
  });
  socket
    .on('error', () => undefined)
    .once('close', () => {
      clearTimeout(timer);
      resolve('unreachable');
    });
  return promise;
}
