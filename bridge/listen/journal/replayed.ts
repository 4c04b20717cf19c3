/** What the entries of a journal come to, read one after the other. */
import type { Entry, Heads, Place } from './entries.ts';

export interface ReplayedMessage {
  readonly head: Heads['message'];
  readonly to: Heads['message']['to'][number];
  readonly payload: Buffer;
  /** The packet identifier that it was sent with; 0 for none. */
  packetId: number;
  /** The entry that says so. */
  readonly id: number;
}

export interface ReplayedSession {
  /** Undefined while the entry that says it has not come: then what else is known of the session is older. */
  head: Heads['session'] | undefined;
  id: number;
  expiry: number;
  left: number | undefined;
  readonly subscriptions: Map<string, Heads['subscribed']['subscription']>;
  readonly receipts: Map<number, number>;
  readonly released: Set<number>;
  /** By their numbers. */
  readonly messages: Map<number, ReplayedMessage>;
  will: (Heads['will'] & { readonly packet: Buffer; readonly id: number }) | undefined;
}

/** What was written of a partition in the last moments of the process may be read from Kafka again. */
const uncommittedMs = 60_000;

/** Of one sink and one partition, the last record for which messages were made. */
export interface LastPlace {
  readonly offset: bigint;
  readonly row: number;
  readonly at: number;
}

export class Replayed {
  readonly sessions = new Map<number, ReplayedSession>();
  /** The largest number of a session, also of those that have ended. */
  lastNumber = 0;
  #places = new Map<string, LastPlace>();
  #lastAt = 0;

  /** Where records may come again, since their offsets were not committed. Empty after an end as it should be. */
  get places(): ReadonlyMap<string, LastPlace> {
    return new Map([...this.#places].filter(([, { at }]) => at >= this.#lastAt - uncommittedMs));
  }

  apply(entry: Entry, id: number): void {
    if (entry.kind === 'reset') {
      this.sessions.clear();
      this.#places.clear();
      return;
    }
    if (entry.kind === 'closed') {
      this.#places.clear();
      return;
    }
    if (entry.kind === 'message') {
      this.#message(entry.head, entry.bytes, id);
      return;
    }
    const { s } = entry.head;
    this.lastNumber = Math.max(this.lastNumber, s);
    if (entry.kind === 'ended') this.sessions.delete(s);
    else apply(this.#of(s), entry, id);
  }

  #of(number: number): ReplayedSession {
    let session = this.sessions.get(number);
    if (session === undefined) {
      session = {
        head: undefined,
        id: 0,
        expiry: 0,
        left: undefined,
        subscriptions: new Map(),
        receipts: new Map(),
        released: new Set(),
        messages: new Map(),
        will: undefined,
      };
      this.sessions.set(number, session);
    }
    return session;
  }

  #message(head: Heads['message'], payload: Buffer, id: number): void {
    for (const to of head.to) {
      const [s, n] = to;
      this.lastNumber = Math.max(this.lastNumber, s);
      this.#of(s).messages.set(n, { head, to, payload, packetId: to[5], id });
    }
    this.#lastAt = Math.max(this.#lastAt, head.at);
    if (head.place !== undefined) this.#places.set(placeKey(head.place), placeOf(head.place, head.at));
  }
}

export const placeKey = ([sink, partition]: Place): string => `${sink} ${partition}`;
const placeOf = ([, , offset, row]: Place, at: number): LastPlace => ({ offset: BigInt(offset), row, at });

type OfSession = Exclude<Entry, { kind: 'reset' | 'closed' | 'message' | 'ended' }>;

function apply(session: ReplayedSession, entry: OfSession, id: number): void {
  switch (entry.kind) {
    case 'session': {
      const { head } = entry;
      session.head = head;
      session.id = id;
      session.expiry = head.expiry;
      session.left = head.left;
      refill(
        session.subscriptions,
        head.subscriptions.map(each => [each.name, each]),
      );
      refill(session.receipts, head.receipts);
      session.released.clear();
      for (const packetId of head.l) session.released.add(packetId);
      return;
    }
    case 'presence':
      session.expiry = entry.head.expiry;
      session.left = entry.head.left;
      return;
    case 'subscribed':
      session.subscriptions.set(entry.head.subscription.name, entry.head.subscription);
      return;
    case 'unsubscribed':
      session.subscriptions.delete(entry.head.name);
      return;
    case 'sent': {
      const message = session.messages.get(entry.head.n);
      if (message !== undefined) message.packetId = entry.head.p;
      return;
    }
    case 'done':
      session.messages.delete(entry.head.n);
      return;
    case 'received':
      session.messages.delete(entry.head.n);
      session.released.add(entry.head.p);
      return;
    case 'completed':
      session.released.delete(entry.head.p);
      return;
    case 'receipt':
      session.receipts.set(entry.head.p, entry.head.message);
      return;
    case 'forgotten':
      session.receipts.delete(entry.head.p);
      return;
    case 'will':
      session.will = { ...entry.head, packet: entry.bytes, id };
      return;
    default:
      session.will = undefined;
  }
}

function refill<Key, Value>(map: Map<Key, Value>, entries: Iterable<readonly [Key, Value]>): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}
