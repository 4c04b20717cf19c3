/**
 * Wills of clients that were lost (MQTT 5, 3.1.3.2.2): published at once, or as late as the client asked for, at the latest when its session ends.
 * A client that comes back to its session before that takes its will with it.
 */
import type { Client } from './client.ts';

export interface WillsHost {
  /** Half seconds so far. */
  ticks(): number;
  /** Whether a message may be handed over now. */
  mayPublish(): boolean;
  /** Takes so many bytes more; false if there is no room for them. */
  takeRoom(bytes: number): boolean;
  giveRoom(bytes: number): void;
  publish(client: Client): void;
  /** There was no room for one. */
  lost(): void;
}

interface Late {
  readonly client: Client;
  readonly dueAt: number;
}

const ticksASecond = 2;
const bytesOf = ({ will }: Client): number => will!.packet.length;

export class Wills {
  readonly #host: WillsHost;
  /** Those that are due and could not be handed over yet. */
  #due: Client[] = [];
  /** By client id. */
  readonly #late = new Map<string, Late>();

  constructor(host: WillsHost) {
    this.#host = host;
  }

  /** A client was lost. @param expirySeconds for which its session lasts */
  left(client: Client, expirySeconds: number): void {
    const { will, session } = client;
    if (will === undefined) return;
    const seconds = Math.min(will.delaySeconds, expirySeconds);
    if (seconds === 0) this.#publish(client);
    else if (this.#take(client))
      this.#late.set(session!.clientId, { client, dueAt: this.#host.ticks() + seconds * ticksASecond + 1 });
  }

  /** A client with this id is let in. @param present whether it comes back to the session */
  back(clientId: string, present: boolean): void {
    const late = this.#late.get(clientId);
    if (late === undefined) return;
    this.#late.delete(clientId);
    this.#host.giveRoom(bytesOf(late.client));
    if (!present) this.#publish(late.client);
  }

  /** There is room again: those that wait are published, each if there still is. */
  turn(): void {
    for (const client of this.#due.splice(0)) {
      this.#host.giveRoom(bytesOf(client));
      this.#publish(client);
    }
  }

  sweep(): void {
    for (const [clientId, { client, dueAt }] of this.#late) {
      if (this.#host.ticks() < dueAt) continue;
      this.#late.delete(clientId);
      this.#host.giveRoom(bytesOf(client));
      this.#publish(client);
    }
  }

  #publish(client: Client): void {
    if (this.#host.mayPublish()) this.#host.publish(client);
    else if (this.#take(client)) this.#due.push(client);
  }

  #take(client: Client): boolean {
    const taken = this.#host.takeRoom(bytesOf(client));
    if (!taken) this.#host.lost();
    return taken;
  }
}
