import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below the ports that systems hand out for outgoing connections (32768 and up on Linux): a broker that is stopped and started
 * again must find its port free, and a client that tries a stopped broker must not be connected to itself.
 */
const first = 12_000;
const last = 30_000;

/**
 * Ports of 127.0.0.1 that nobody listens on, each handed out once while this process lives.
 *
 * Tests run side by side, and a port is given long before a broker listens on it, or so that nobody does. So whoever is given a TCP port
 * keeps the UDP port of the same number, which nothing else here wants: no other process gets it, and it is free when this one ends.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = first + Math.floor(Math.random() * (last - first));
    if ((await reserve(port)) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** One port of 127.0.0.1 that nobody listens on. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0]!;

function reserve(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
