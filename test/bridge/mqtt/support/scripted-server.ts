/**
 * An MQTT server without a mind of its own: a test says exactly what it sends, and sees exactly what comes in, packet by packet.
 * That is how a server's mistakes and rare answers can be had at will.
 */
import { createServer, type Server, type Socket } from 'node:net';
import mqttPacket, { type IConnackPacket, type Packet } from 'mqtt-packet';

type Version = 4 | 5;

export interface Greeting {
  readonly sessionPresent?: boolean;
  readonly reasonCode?: number;
  readonly properties?: IConnackPacket['properties'];
  /** SUBACK codes; by default what was asked. */
  readonly grants?: readonly number[];
}

export class ScriptedServer {
  readonly #server: Server;
  readonly #version: Version;
  readonly #waiting: Peer[] = [];
  readonly #wanted: ((peer: Peer) => void)[] = [];
  readonly #peers = new Set<Peer>();

  private constructor(server: Server, version: Version) {
    this.#server = server;
    this.#version = version;
    server.on('connection', socket => this.#connected(new Peer(socket, this.#version)));
  }

  static async start(version: Version = 5): Promise<ScriptedServer> {
    const server = createServer({ noDelay: true });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedServer(server, version);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** The next connection. */
  accept(): Promise<Peer> {
    const peer = this.#waiting.shift();
    return peer ? Promise.resolve(peer) : new Promise(resolve => this.#wanted.push(resolve));
  }

  /** How many connections were made that no test has accepted. */
  get unaccepted(): number {
    return this.#waiting.length;
  }

  async stop(): Promise<void> {
    for (const peer of this.#peers) peer.cut();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #connected(peer: Peer): void {
    this.#peers.add(peer);
    const wanted = this.#wanted.shift();
    if (wanted) wanted(peer);
    else this.#waiting.push(peer);
  }
}

/** One connection, from the server's side. */
export class Peer {
  /** Resolves when the client has closed, or was cut. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #version: Version;
  readonly #packets: Packet[] = [];
  readonly #wanted: ((packet: Packet) => void)[] = [];

  constructor(socket: Socket, version: Version) {
    this.#socket = socket;
    this.#version = version;
    this.closed = new Promise(resolve => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    const parser = mqttPacket.parser({ protocolVersion: version });
    parser.on('packet', packet => this.#received(packet));
    socket.on('data', chunk => parser.parse(chunk));
  }

  /** The next packet that came and was not taken yet. */
  next(): Promise<Packet> {
    const packet = this.#packets.shift();
    return packet ? Promise.resolve(packet) : new Promise(resolve => this.#wanted.push(resolve));
  }

  /** Packets that came and were not taken: their names, with identifiers. */
  get pending(): string[] {
    return this.#packets.map(nameOf);
  }

  /** The next `count` packets, as `pending` shows them. */
  async take(count: number): Promise<string[]> {
    const packets: string[] = [];
    while (packets.length < count) packets.push(nameOf(await this.next()));
    return packets;
  }

  /** Everything that came before the answer to a PUBREL of our own: proof that nothing else is on its way. */
  async settled(): Promise<string[]> {
    const marker = 65_535;
    this.send({ cmd: 'pubrel', messageId: marker, qos: 1 });
    const packets: string[] = [];
    for (let packet = await this.next(); packet.messageId !== marker; packet = await this.next())
      packets.push(nameOf(packet));
    return packets;
  }

  send(...packets: unknown[]): void {
    this.write(Buffer.concat(packets.map(packet => this.encode(packet))));
  }

  encode(packet: unknown): Buffer {
    return mqttPacket.generate(packet as Packet, { protocolVersion: this.#version });
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Takes CONNECT and says CONNACK; takes SUBSCRIBE and says SUBACK unless the session is present. Returns the CONNECT. */
  async greet(greeting: Greeting = {}): Promise<Packet & Record<string, unknown>> {
    const connect = await this.next();
    this.connack(greeting);
    if (greeting.sessionPresent !== true || greeting.grants) await this.suback(greeting.grants);
    return connect as Packet & Record<string, unknown>;
  }

  connack({ sessionPresent = false, reasonCode = 0, properties }: Greeting = {}): void {
    this.send({ cmd: 'connack', sessionPresent, reasonCode, returnCode: reasonCode, properties });
  }

  /** Takes SUBSCRIBE and grants it. */
  async suback(grants?: readonly number[]): Promise<Packet & Record<string, unknown>> {
    const subscribe = await this.next();
    if (subscribe.cmd !== 'subscribe') throw new Error(`Expected SUBSCRIBE, got ${subscribe.cmd}`);
    const granted = grants ?? subscribe.subscriptions.map(({ qos }) => qos);
    this.send({ cmd: 'suback', messageId: subscribe.messageId, granted });
    return subscribe as Packet & Record<string, unknown>;
  }

  /** Resets the connection. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  end(): void {
    this.#socket.end();
  }

  #received(packet: Packet): void {
    const wanted = this.#wanted.shift();
    if (wanted) wanted(packet);
    else this.#packets.push(packet);
  }
}

function nameOf(packet: Packet): string {
  return packet.messageId === undefined ? packet.cmd : `${packet.cmd} ${packet.messageId}`;
}

/** A PUBLISH for `Peer.send`: QoS 1 unless told. The payload says which it is. */
export function publish(messageId: number, fields: Record<string, unknown> = {}) {
  return {
    cmd: 'publish',
    topic: 'a/b',
    payload: `m${messageId}`,
    qos: 1,
    messageId,
    dup: false,
    retain: false,
    ...fields,
  };
}

export const pubrel = (messageId: number) => ({ cmd: 'pubrel', messageId, qos: 1 });
