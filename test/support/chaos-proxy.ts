/**
 * A TCP proxy that does to a connection what networks do: cut it, refuse it, slow it, narrow it, freeze it.
 *
 * Each connection is two lanes (chaos-lane.ts), up to the target and down to the client, and each direction has its own weather. Something
 * that understands what passes may stand between (`between`), and change it.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Lane, type Pass, type Weather } from './chaos-lane.ts';

export type Direction = 'up' | 'down' | 'both';

/** What stands in the way of one connection. */
export interface Between {
  readonly up: Pass;
  readonly down: Pass;
}

interface Connection {
  readonly client: Socket;
  readonly target: Socket;
  readonly lanes: readonly Lane[];
}

/** A chaos proxy, on 127.0.0.1 unless told. Make one with `startChaosProxy`. */
export class ChaosProxy {
  readonly targetPort: number;
  readonly #up: Weather = { latencyMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, frozen: false };
  readonly #down: Weather = { ...this.#up };
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  #refusing = false;
  /** How many connections were taken since the start. */
  taken = 0;
  /** Made for each new connection. */
  between: (() => Between) | undefined;

  /** @param targetPort the port of 127.0.0.1 to forward to; nobody needs to listen there yet */
  constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, client => this.#take(client));
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** How many connections are open now. */
  get open(): number {
    return this.#connections.size;
  }

  async listen(port = 0, host = '127.0.0.1'): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
  }

  /** Cuts every open connection at both ends: `reset` sends RST, `end` sends FIN and drops what was under way. */
  cut(how: 'reset' | 'end'): void {
    for (const { client, target } of this.#connections) {
      for (const socket of [client, target]) {
        if (how === 'reset') socket.resetAndDestroy();
        else socket.destroy();
      }
    }
  }

  /** Resets new connections at once; open ones stay. Undone by `accept`. */
  refuse(): void {
    this.#refusing = true;
  }

  accept(): void {
    this.#refusing = false;
  }

  /** Delivers each chunk this much later. Undone by 0. */
  delay(latencyMs: number, direction: Direction = 'both'): void {
    this.#change(direction, { latencyMs });
  }

  /** Narrows each connection to a bandwidth. Undone by `Infinity`. */
  limit(bytesPerSecond: number, direction: Direction = 'both'): void {
    this.#change(direction, { bytesPerSecond });
  }

  /** Stops forwarding, and closes nothing. Undone by `thaw`. */
  freeze(direction: Direction = 'both'): void {
    this.#change(direction, { frozen: true });
  }

  thaw(direction: Direction = 'both'): void {
    this.#change(direction, { frozen: false });
  }

  /** Undoes everything. */
  clear(): void {
    this.accept();
    this.#change('both', { latencyMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, frozen: false });
    for (const { lanes } of this.#connections) for (const lane of lanes) lane.clear();
  }

  /** Resets what is open and stops listening. */
  async close(): Promise<void> {
    this.cut('reset');
    await new Promise(resolve => this.#server.close(resolve));
  }

  #change(direction: Direction, change: Partial<Weather>): void {
    if (direction !== 'down') Object.assign(this.#up, change);
    if (direction !== 'up') Object.assign(this.#down, change);
    for (const { lanes } of this.#connections) for (const lane of lanes) lane.deliver();
  }

  #take(client: Socket): void {
    this.taken += 1;
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ port: this.targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const between = this.between?.();
    const lanes = [
      new Lane(client, target, this.#up, between?.up),
      new Lane(target, client, this.#down, between?.down),
    ];
    const connection = { client, target, lanes };
    this.#connections.add(connection);
    for (const socket of [client, target]) {
      const other = socket === client ? target : client;
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        if (client.destroyed && target.destroyed) this.#connections.delete(connection);
      });
    }
  }
}

/**
 * Starts a proxy in front of a port of 127.0.0.1.
 *
 * @param port where it listens; a free one when left out
 * @param host the address where it listens
 */
export async function startChaosProxy(targetPort: number, port = 0, host = '127.0.0.1'): Promise<ChaosProxy> {
  const proxy = new ChaosProxy(targetPort);
  await proxy.listen(port, host);
  return proxy;
}
