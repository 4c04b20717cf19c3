/**
 * Wills of clients that were lost (MQTT 5, 3.1.3.2.2): published at once, or as late as the client asked for, at the latest when its session ends.
 * A client that comes back to its session before that takes its will with it.
 */
import type { Publisher } from '../../rules/message.ts';
import { FrameReader } from '../mqtt/frames.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import type { Topics } from '../mqtt/topics.ts';
import type { Will } from './connect-packet.ts';
import { PublishRules } from './publish-rules.ts';
import type { Session } from './sessions.ts';

/** What is left of a client that was lost. */
export interface Testament {
  readonly will: Will;
  readonly session: Session;
  readonly publisher: Publisher;
  /** That its packet is of. */
  readonly version: '5' | '3.1.1';
}

/** Where late wills are written. */
export interface WillKeeper {
  /** @param due milliseconds since 1970 */
  late(testament: Testament, due: number): void;
  over(testament: Testament): void;
}

/** Points a message at a will. */
export function readWill({ will, version, publisher }: Testament, message: MqttMessage, topics: Topics): void {
  const reader = new FrameReader(message, version, Number.POSITIVE_INFINITY, new PublishRules(topics));
  reader.append(will.packet);
  reader.next();
  message.publisher = publisher;
}

export interface WillsHost {
  /** Half seconds so far. */
  ticks(): number;
  /** Whether a message may be handed over now. */
  mayPublish(): boolean;
  /** Takes so many bytes more; false if there is no room for them. */
  takeRoom(bytes: number): boolean;
  giveRoom(bytes: number): void;
  publish(testament: Testament): void;
  /** There was no room for one. */
  lost(): void;
}

interface Late {
  readonly testament: Testament;
  readonly dueAt: number;
}

const ticksASecond = 2;
const msATick = 1000 / ticksASecond;
const bytesOf = ({ will }: Testament): number => will.packet.length;

export class Wills {
  keeper: WillKeeper | undefined;
  readonly #host: WillsHost;
  /** Those that are due and could not be handed over yet. */
  #due: Testament[] = [];
  /** By client id. */
  readonly #late = new Map<string, Late>();
  /** Those that were handed over: what is written of them is of use for a moment more, since a buffer takes as long. */
  #published: Testament[] = [];

  constructor(host: WillsHost) {
    this.#host = host;
  }

  /** A client was lost. @param expirySeconds for which its session lasts */
  left(testament: Testament, expirySeconds: number): void {
    const seconds = Math.min(testament.will.delaySeconds, expirySeconds);
    if (seconds === 0) this.#publish(testament);
    else if (this.#wait(testament, this.#host.ticks() + seconds * ticksASecond + 1))
      this.keeper?.late(testament, Date.now() + seconds * 1000);
  }

  /** One that an earlier process has written. @param due milliseconds since 1970 */
  restore(testament: Testament, due: number): void {
    this.#wait(testament, this.#host.ticks() + Math.max(0, due - Date.now()) / msATick);
  }

  /** When one that waits is due, milliseconds since 1970. */
  dueAt({ session }: Testament): number {
    const { dueAt = 0 } = this.#late.get(session.clientId) ?? {};
    return Date.now() + Math.max(0, dueAt - this.#host.ticks()) * msATick;
  }

  /** A client with this id is let in. @param present whether it comes back to the session */
  back(clientId: string, present: boolean): void {
    const late = this.#late.get(clientId);
    if (late === undefined) return;
    this.#forget(late);
    if (present) this.keeper?.over(late.testament);
    else this.#publish(late.testament);
  }

  /** There is room again: those that wait are published, each if there still is. */
  turn(): void {
    for (const testament of this.#due.splice(0)) {
      this.#host.giveRoom(bytesOf(testament));
      this.#publish(testament);
    }
  }

  sweep(): void {
    for (const testament of this.#published.splice(0)) this.keeper?.over(testament);
    for (const late of this.#late.values()) {
      if (this.#host.ticks() < late.dueAt) continue;
      this.#forget(late);
      this.#publish(late.testament);
    }
  }

  #publish(testament: Testament): void {
    if (this.#host.mayPublish()) {
      this.#host.publish(testament);
      if (this.keeper !== undefined) this.#published.push(testament);
    } else if (this.#take(testament)) this.#due.push(testament);
  }

  #wait(testament: Testament, dueAt: number): boolean {
    if (!this.#take(testament)) return false;
    this.#late.set(testament.session.clientId, { testament, dueAt });
    return true;
  }

  #forget({ testament }: Late): void {
    this.#late.delete(testament.session.clientId);
    this.#host.giveRoom(bytesOf(testament));
  }

  #take(testament: Testament): boolean {
    const taken = this.#host.takeRoom(bytesOf(testament));
    if (!taken) this.#host.lost();
    return taken;
  }
}
