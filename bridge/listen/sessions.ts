/**
 * What is known of clients beyond their connections: subscriptions, messages for them, and what they have published. A session ends with its
 * connection, or so many seconds later as the client asks for and the document allows. It lives in the memory of the process, and on disk if there is
 * one for it (session-store.ts).
 *
 * Here messages meet their subscribers. It knows nothing of rules and Kafka.
 */
import { Countdown, type Publication } from '../mqtt/publisher/publication.ts';
import type { Place } from './journal/entries.ts';
import type { KeptSession } from './kept-session.ts';
import {
  type Connection,
  type Delivery,
  type Held,
  Outbox,
  type OutboxHost,
  type QueueDrop,
  queueDrops,
} from './outbox.ts';
import type { Received } from './received.ts';
import type { Subscription } from './subscribe-packet.ts';
import { type Match, Subscriptions } from './subscriptions.ts';

export interface SessionLimits {
  /** The longest that a session outlives its connection, seconds. 0: none does. */
  readonly expirySeconds: number;
  /** Sessions whose clients are not connected. */
  readonly away: number;
  /** Subscriptions of one client. */
  readonly subscriptions: number;
  /** What waits for one client. */
  readonly messages: number;
  readonly bytes: number;
  readonly ageTicks: number;
  /** What waits for all clients together. */
  readonly allBytes: number;
}

/** Who comes to a session. */
export interface Visitor {
  readonly clientId: string;
  /** The user name that was proven: a session belongs to it, whatever client id others say. */
  readonly user: string | undefined;
  readonly cleanStart: boolean;
  /** For which the session is to last, seconds. */
  readonly expirySeconds: number;
  /** Whether it may have what a filter matches. */
  maySubscribe(filter: string): boolean;
}

export interface Session {
  readonly clientId: string;
  readonly user: string | undefined;
  readonly subscriptions: Map<string, Subscription>;
  readonly outbox: Outbox;
  readonly received: Received;
  expirySeconds: number;
  connected: boolean;
  /** What is written of it, if anything is. */
  readonly kept: KeptSession | undefined;
  /** When it ends, in ticks, if the client does not come back. */
  endsAt: number;
}

export interface Opened {
  readonly session: Session;
  /** Whether it was there before. */
  readonly present: boolean;
}

/** Where sessions are written. */
export interface SessionKeeper {
  /** Of a new session. */
  keep(): KeptSession;
  /** A message is in the outboxes of sessions that are kept. */
  message(publication: Publication, to: readonly Addressed[], place: Place | undefined): void;
  /** Whether a record was made into messages that are written, and comes again since its offset was not committed. */
  isRepeated(place: Place): boolean;
  whenSaved(then: () => void): void;
}

/** A message in the outbox of a session. */
export interface Addressed {
  readonly session: Session;
  readonly delivery: Delivery;
}

const ticksASecond = 2;
/** What an object costs beside the bytes of its message. */
const overhead = 300;

export class Sessions implements OutboxHost {
  readonly limits: SessionLimits;
  /** Messages that a client did not get, by why. */
  readonly drops: Record<QueueDrop, number>;
  tick = 1;
  /** Bytes of messages that wait. */
  waitingBytes = 0;
  subscribed = 0;
  /** Called when nobody has to keep a message of the flow any more. */
  released: (held: Held) => void = () => undefined;
  /** Resolves when the sessions of an earlier process are here. */
  readonly ready: Promise<void>;
  #isReady!: () => void;
  #keeper: SessionKeeper | undefined;
  /** Of the message that is being published. */
  #addressed: Addressed[] = [];
  readonly #byId = new Map<string, Session>();
  /** Those whose clients are not connected, the one that has been so for longest first. */
  readonly #away = new Set<Session>();
  readonly #subscriptions = new Subscriptions<Session>(({ connected }) => connected);

  /** @param isKept whether `keepIn` will be called */
  constructor(limits: SessionLimits, isKept = false) {
    this.limits = limits;
    this.ready = new Promise(resolve => {
      this.#isReady = resolve;
    });
    if (!isKept) this.#isReady();
    this.drops = Object.fromEntries(queueDrops.map(why => [why, 0])) as Record<QueueDrop, number>;
  }

  /** Sessions whose clients are not connected. */
  get away(): number {
    return this.#away.size;
  }

  /** Messages that wait, or are not acknowledged. */
  get waiting(): number {
    let count = 0;
    for (const { outbox } of this.#byId.values()) count += outbox.size;
    return count;
  }

  get count(): number {
    return this.#byId.size;
  }

  /** All sessions. */
  get all(): Iterable<Session> {
    return this.#byId.values();
  }

  /** From now on sessions are written. Undefined if none will be, since the bridge ends. */
  keepIn(keeper: SessionKeeper | undefined): void {
    this.#keeper = keeper;
    this.#isReady();
  }

  /** A session of an earlier process, whose client is not connected. */
  adopt(session: Session): void {
    this.#byId.set(session.clientId, session);
    this.#away.add(session);
    for (const subscription of session.subscriptions.values()) this.#subscriptions.add(session, subscription);
    this.subscribed += session.subscriptions.size;
  }

  /** Calls back when what has changed is on disk, or need not be. */
  whenSaved(then: () => void): void {
    if (this.#keeper === undefined) then();
    else this.#keeper.whenSaved(then);
  }

  /** As SessionKeeper's. */
  isRepeated(place: Place): boolean {
    return this.#keeper?.isRepeated(place) ?? false;
  }

  /** Seconds that a session is kept of those that a client asks for. */
  granted(expirySeconds: number): number {
    return Math.min(expirySeconds, this.limits.expirySeconds);
  }

  of(clientId: string): Session | undefined {
    return this.#byId.get(clientId);
  }

  /** The session of a client that is let in. Nobody may be connected to it. @param received for a new one */
  open(visitor: Visitor, received: Received): Opened {
    const { clientId, user, cleanStart, expirySeconds } = visitor;
    const kept = this.#byId.get(clientId);
    const present = kept !== undefined && !cleanStart && kept.user === user;
    if (kept !== undefined && !present) this.#end(kept);
    const session = present ? kept : this.#make(clientId, user, received);
    session.expirySeconds = expirySeconds;
    session.connected = true;
    session.kept?.came(session);
    this.#away.delete(session);
    this.#byId.set(clientId, session);
    // What it may have can be less than it was.
    for (const { name, filter } of [...session.subscriptions.values()])
      if (!visitor.maySubscribe(filter)) this.unsubscribe(session, name);
    return { session, present };
  }

  connect({ outbox }: Session, connection: Connection): void {
    outbox.connect(connection);
  }

  /** Its connection is over. */
  leave(session: Session): void {
    session.connected = false;
    if (session.expirySeconds === 0) {
      this.#end(session);
      return;
    }
    session.kept?.leaves(session);
    session.outbox.disconnect();
    session.endsAt = this.tick + session.expirySeconds * ticksASecond + 1;
    this.#away.add(session);
    if (this.#away.size > this.limits.away) this.#end(this.#away.values().next().value!);
  }

  /** Returns whether the client had none of that name. */
  subscribe(session: Session, subscription: Subscription): boolean {
    const earlier = session.subscriptions.get(subscription.name);
    if (earlier === undefined) this.subscribed++;
    session.subscriptions.set(subscription.name, subscription);
    this.#subscriptions.add(session, subscription);
    session.kept?.subscribed(subscription);
    return earlier === undefined;
  }

  /** Returns whether it had one of that name. */
  unsubscribe(session: Session, name: string): boolean {
    const subscription = session.subscriptions.get(name);
    if (subscription === undefined) return false;
    this.subscribed--;
    session.subscriptions.delete(name);
    this.#subscriptions.remove(session, subscription);
    session.kept?.unsubscribed(name);
    return true;
  }

  /**
   * Sends a message to those that subscribe to its topic.
   *
   * @param make called if there are any
   * @param held counts up for each that keeps it; undefined if nobody waits for that
   * @param publisher the session of the client whose message it is
   * @param place the record of Kafka that it is made of
   * @returns how many it was for
   */
  publish(topic: string, make: () => Publication, held?: Held, publisher?: Session, place?: Place): number {
    let publication: Publication | undefined;
    let count = 0;
    this.#subscriptions.match(topic, publisher, (session, match) => {
      count++;
      publication ??= make();
      this.#deliver(session, publication, match, held);
    });
    if (this.#addressed.length > 0) this.#keeper!.message(publication!, this.#addressed, place);
    this.#addressed = [];
    return count;
  }

  sweep(): void {
    this.tick++;
    for (const session of this.#byId.values()) {
      if (!session.connected && this.tick >= session.endsAt) this.#end(session);
      else session.outbox.sweep();
    }
  }

  // --- from outboxes

  take(bytes: number): boolean {
    if (this.waitingBytes + bytes > this.limits.allBytes) return false;
    this.waitingBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.waitingBytes -= bytes;
  }

  release(held: Held): void {
    if (--held.waiting === 0) this.released(held);
  }

  dropped(why: QueueDrop): void {
    this.drops[why]++;
  }

  #deliver(session: Session, publication: Publication, match: Match, held: Held | undefined): void {
    const { outbox, kept } = session;
    const retain = match.retainAsPublished && publication.retain;
    const qos = Math.min(match.qos, publication.qos) as 0 | 1 | 2;
    const { expiry } = publication;
    const countdown = expiry && new Countdown(expiry, Date.now(), performance.now());
    if (qos === 0) {
      const seconds = countdown?.secondsLeft(Date.now(), performance.now());
      if (seconds === 0) this.dropped('expired');
      else outbox.sendNow(publication, retain, match.identifiers, seconds);
      return;
    }
    if (held !== undefined) held.waiting++;
    const delivery: Delivery = {
      publication,
      qos,
      retain,
      subscriptionIds: match.identifiers,
      countdown,
      bytes: sizeOf(publication),
      since: this.tick,
      held,
      packetId: 0,
      sent: false,
      number: kept?.nextMessage() ?? 0,
      savedAs: -1,
      sentAs: -1,
    };
    if (outbox.add(delivery) && delivery.number > 0) this.#addressed.push({ session, delivery });
  }

  #make(clientId: string, user: string | undefined, received: Received): Session {
    const kept = this.#keeper?.keep();
    return {
      clientId,
      user,
      subscriptions: new Map(),
      outbox: new Outbox(this, kept),
      kept,
      received,
      expirySeconds: 0,
      connected: true,
      endsAt: 0,
    };
  }

  #end(session: Session): void {
    this.#byId.delete(session.clientId);
    this.#away.delete(session);
    for (const subscription of session.subscriptions.values()) this.#subscriptions.remove(session, subscription);
    this.subscribed -= session.subscriptions.size;
    session.subscriptions.clear();
    session.kept?.ended();
    session.outbox.discard();
  }
}

/** Memory that a message takes. */
export function sizeOf({ topic, payload, userProperties, ...texts }: Publication): number {
  const { contentType, responseTopic, correlationData } = texts;
  let bytes = overhead + topic.length + payload.length;
  bytes += (contentType?.length ?? 0) + (responseTopic?.length ?? 0) + (correlationData?.length ?? 0);
  for (const [name, value] of userProperties) bytes += name.length + value.length + 50;
  return bytes;
}
