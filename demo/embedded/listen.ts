import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { MkbError } from '../../api/errors.ts';

/**
 * Lets a server listen.
 *
 * @param port 0 for any free one
 * @returns the port it listens on
 * @throws `embedded-listen-failed`
 */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MkbError('embedded-listen-failed', { host, port, reason }, { cause });
  }
  // A connection that cannot be accepted, as when there are no more file descriptors, is that client's trouble.
  server.on('error', () => undefined);
  return (server.address() as AddressInfo).port;
}
