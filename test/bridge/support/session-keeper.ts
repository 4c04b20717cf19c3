/**
 * An MQTT server that keeps one session, for the tests of draining: it answers what is asked, and notes it. What it sends besides, and when,
 * a test says.
 */
import type { Packet } from 'mqtt-packet';
import { type Peer, ScriptedServer } from '../mqtt/support/scripted-server.ts';

export interface KeeperScript {
  /** Whether it has the session, asked at each connection that wants it. */
  sessionPresent: boolean;
  /** The session was taken up on this connection. */
  connected(peer: Peer): void;
  /** PINGREQ number `count` of this connection, from 1. Returns whether to answer it, before what it sends itself. */
  pinged(peer: Peer, count: number): boolean;
  /** UNSUBSCRIBE came. Returns whether to confirm it. */
  unsubscribed(peer: Peer): boolean;
}

export class SessionKeeper {
  readonly server: ScriptedServer;
  /** Every packet but pings, of all connections: the name, and what matters of it. */
  readonly packets: string[] = [];
  readonly script: KeeperScript = {
    sessionPresent: true,
    connected: () => undefined,
    pinged: () => true,
    unsubscribed: () => true,
  };
  /** Whether UNSUBSCRIBE was confirmed. */
  unsubscribed = false;

  private constructor(server: ScriptedServer) {
    this.server = server;
    void this.#accept();
  }

  static async start(): Promise<SessionKeeper> {
    return new SessionKeeper(await ScriptedServer.start());
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  async #accept(): Promise<never> {
    for (;;) void this.#serve(await this.server.accept());
  }

  async #serve(peer: Peer): Promise<never> {
    let pings = 0;
    for (;;) {
      const packet = await peer.next();
      if (packet.cmd !== 'pingreq') {
        this.packets.push(describe(packet));
        this.#answer(peer, packet);
      } else if (this.script.pinged(peer, ++pings)) peer.send({ cmd: 'pingresp' });
    }
  }

  #answer(peer: Peer, packet: Packet): void {
    if (packet.cmd === 'connect') {
      peer.connack({ sessionPresent: !packet.clean && this.script.sessionPresent });
      if (!packet.clean) this.script.connected(peer);
    } else if (packet.cmd === 'unsubscribe' && this.script.unsubscribed(peer)) {
      this.unsubscribed = true;
      peer.send({ cmd: 'unsuback', messageId: packet.messageId, granted: packet.unsubscriptions.map(() => 0) });
    } else if (packet.cmd === 'disconnect') peer.end();
  }
}

function describe(packet: Packet): string {
  if (packet.cmd === 'connect') {
    const { clientId, clean, properties } = packet;
    return `connect ${clientId}${clean ? ' again' : ''}, kept ${properties?.sessionExpiryInterval} s`;
  }
  if (packet.cmd === 'unsubscribe') return `unsubscribe ${packet.unsubscriptions.join(' ')}`;
  return packet.messageId === undefined ? packet.cmd : `${packet.cmd} ${packet.messageId}`;
}
