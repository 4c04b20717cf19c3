/** One node of the embedded cluster: a TCP port that can be stopped and started again. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Cluster, ClusterNode } from './cluster.ts';
import { serve } from './connection.ts';
import { listen } from './listen.ts';

export class Broker implements ClusterNode {
  readonly id: number;
  readonly host: string;
  readonly #cluster: Cluster;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;
  #port: number;

  /** @param port 0 for any free one, which it keeps when it is stopped and started again */
  constructor(id: number, host: string, port: number, cluster: Cluster) {
    this.id = id;
    this.host = host;
    this.#port = port;
    this.#cluster = cluster;
  }

  get port(): number {
    return this.#port;
  }

  get running(): boolean {
    return this.#server !== undefined;
  }

  /** Listens, and takes part in elections again. Throws `embedded-listen-failed`. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ noDelay: true }, socket => this.#accept(socket));
    this.#port = await listen(server, this.#port, this.host);
    this.#server = server;
    this.#cluster.elect();
  }

  /** Dies: closes the port and all connections at once, as a killed broker does, and its partitions get other leaders. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#cluster.elect();
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const life = this.#server;
    this.#connections.add(socket.once('close', () => this.#connections.delete(socket)));
    // What the connection still does ends by itself: nothing is applied once the node has died, also if it lives again.
    void serve(socket, { node: this.id, cluster: this.#cluster, isAlive: () => this.#server === life });
  }
}
