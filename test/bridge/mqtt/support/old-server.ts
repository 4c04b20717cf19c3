/** An MQTT server that treats a CONNECT of MQTT 5 in one of the ways of servers that do not speak it, and takes one of 3.1.1. */
import { createServer, type Server, type Socket } from 'node:net';

export type Treatment = (socket: Socket) => void;

const connack = Buffer.from([0x20, 2, 0, 0]);

/** How servers without MQTT 5 answer it. */
export const treatments = {
  'closes without an answer': socket => void socket.end(),
  'resets the connection': socket => void socket.resetAndDestroy(),
  'answers 0x84 as MQTT 5 wants it': socket => void socket.end(Buffer.from([0x20, 3, 0, 0x84, 0])),
  'answers 0x01 as MQTT 3.1.1 wants it': socket => void socket.end(Buffer.from([0x20, 2, 0, 1])),
  'does not look at the version': socket => void socket.write(connack),
} as const satisfies Record<string, Treatment>;

export class OldServer {
  /** The protocol level of each CONNECT that came: 5, or 4 for 3.1.1. */
  readonly levels: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #five: Treatment;
  #four: Treatment;

  private constructor(five: Treatment, four: Treatment) {
    this.#five = five;
    this.#four = four;
    this.#server = createServer(socket => this.#connected(socket));
  }

  /** @param four how it treats 3.1.1; it lets it in by default */
  static async start(five: Treatment, four: Treatment = socket => void socket.write(connack)): Promise<OldServer> {
    const server = new OldServer(five, four);
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** From now on it treats them so. */
  become(five: Treatment, four: Treatment): void {
    this.#five = five;
    this.#four = four;
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', bytes => {
      if (bytes[0] === 0x10) this.#connect(socket, bytes);
      // SUBSCRIBE of one filter, in either version: SUBACK grants QoS 1.
      else if (bytes[0] === 0x82) socket.write(suback(bytes, this.levels.at(-1)!));
      else if (bytes[0] === 0xc0) socket.write(Buffer.from([0xd0, 0]));
    });
  }

  #connect(socket: Socket, bytes: Buffer): void {
    const level = bytes[bytes.indexOf('MQTT') + 4]!;
    this.levels.push(level);
    (level === 5 ? this.#five : this.#four)(socket);
  }
}

function suback(subscribe: Buffer, level: number): Buffer {
  const id = subscribe.subarray(2, 4);
  return level === 5 ? Buffer.from([0x90, 4, id[0]!, id[1]!, 0, 1]) : Buffer.from([0x90, 3, id[0]!, id[1]!, 1]);
}
