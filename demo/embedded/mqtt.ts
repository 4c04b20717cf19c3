/**
 * An MQTT 3.1.1 server in memory, for the demo and for tests only: aedes on a TCP port.
 *
 * Sessions and retained messages live as long as the process. There are no logins and no MQTT 5, so no shared subscriptions and no
 * receive maximum: a subscriber that reads slowly holds up its own socket, and aedes puts it out after a minute.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { listen } from './listen.ts';

/** What whoever starts it should show to a person. */
export const embeddedMqttNotice =
  'Embedded MQTT 3.1.1: in memory, for demos and tests only. No login; sessions and retained messages are gone when it stops.';

export interface EmbeddedMqttOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  /** Address to listen on, default 127.0.0.1. */
  readonly host?: string;
}

export interface EmbeddedMqtt {
  readonly port: number;
  /** `mqtt://host:port`, for clients on this machine. */
  readonly url: string;
  /** Closes the port and all connections. */
  stop(): Promise<void>;
}

/** Starts the embedded MQTT server. Throws `embedded-listen-failed` when the port cannot be had. */
export async function startEmbeddedMqtt({
  port = 0,
  host = '127.0.0.1',
}: EmbeddedMqttOptions = {}): Promise<EmbeddedMqtt> {
  const sockets = new Set<Socket>();
  const broker = await Aedes.createBroker();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    broker.handle(socket);
  });
  const closeBroker = (): Promise<void> => new Promise(resolve => broker.close(resolve));
  const bound = await listen(server, port, host).catch(async error => {
    await closeBroker();
    throw error;
  });
  return {
    port: bound,
    url: `mqtt://${host === '0.0.0.0' ? '127.0.0.1' : host}:${bound}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      await closeBroker();
      for (const socket of sockets) socket.destroy(); // Those that never sent CONNECT, and so are no clients of aedes.
      await closed;
    },
  };
}
