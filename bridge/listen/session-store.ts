/**
 * Sessions on disk, beside the buffer of messages: written as they change, and found again when the bridge starts, so that a client that comes back gets Session
 * Present 1, what it subscribes to, what waits for it, and no message of QoS 2 twice.
 */
import type { MkbError } from '../../api/errors.ts';
import type { StoreOptions } from '../buffer/options.ts';
import { Countdown, type Publication } from '../mqtt/publisher/publication.ts';
import type { Entry, Heads, Kind, Place } from './journal/entries.ts';
import { Journal, type JournalHost } from './journal/journal.ts';
import { type LastPlace, placeKey, Replayed, type ReplayedMessage, type ReplayedSession } from './journal/replayed.ts';
import { KeptSession, noMessage, type SessionWriter } from './kept-session.ts';
import { type Delivery, Outbox } from './outbox.ts';
import type { Received } from './received.ts';
import { type Addressed, type Session, type SessionKeeper, type Sessions, sizeOf } from './sessions.ts';
import type { Testament, Wills } from './wills.ts';

export interface SessionStoreOptions {
  /** Those of the buffer, which is open. */
  readonly store: StoreOptions;
  readonly sessions: Sessions;
  readonly wills: Wills;
  /** What a session has received, as yet nothing. */
  newReceived(): Received;
  /** Whether a message that had an id in the buffer was written. */
  wasWritten(id: number): boolean;
  problem(error: MkbError): void;
}

const ticksAMs = 1 / 500;
/** What a session, or a subscription, takes in the journal, roughly. */
const sessionBytes = 400;

export class SessionStore implements SessionKeeper, SessionWriter, JournalHost {
  readonly #options: SessionStoreOptions;
  readonly #replayed = new Replayed();
  /** Of each sink and partition the last record that an earlier process made messages of; those up to it may come again. */
  #places = new Map<string, LastPlace>();
  /** The same of this process, and the entry. When Kafka has taken partitions away, or was away itself, it gives records again that were not committed. */
  readonly #made = new Map<string, Omit<LastPlace, 'at'> & { readonly id: number }>();
  #journal!: Journal;
  #lastNumber = 0;
  /** Of the late wills that are written: the entry. */
  readonly #wills = new Map<Testament, number>();

  private constructor(options: SessionStoreOptions) {
    this.#options = options;
  }

  /** Takes up the sessions of an earlier process. Throws as `Journal.open`. */
  static async open(options: SessionStoreOptions): Promise<SessionStore> {
    const store = new SessionStore(options);
    store.#journal = await Journal.open(options.store, store);
    store.#restore();
    return store;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#journal.bytes;
  }

  get failing(): boolean {
    return this.#journal.failing;
  }

  get liveBytes(): number {
    const { sessions } = this.#options;
    return sessions.waitingBytes + (sessions.subscribed + sessions.count) * sessionBytes;
  }

  /** Whether something was written that the disk has not confirmed, and may soon. */
  get pending(): boolean {
    return this.#journal.pending;
  }

  nextNumber(): number {
    return ++this.#lastNumber;
  }

  append<K extends Kind>(kind: K, head: Heads[K], bytes?: Buffer): number {
    return this.#journal.append(kind, head, bytes);
  }

  isSaved(id: number): boolean {
    return this.#journal.isSaved(id);
  }

  whenSaved(then: () => void): void {
    this.#journal.whenSaved(then);
  }

  saved(): Promise<void> {
    return this.#journal.saved();
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  problem(error: MkbError): void {
    this.#options.problem(error);
  }

  // --- from sessions

  keep(): KeptSession {
    return new KeptSession(this);
  }

  message(publication: Publication, addressed: readonly Addressed[], place: Place | undefined): void {
    const id = this.#write(publication, addressed, Date.now(), place);
    if (place !== undefined) this.#made.set(placeKey(place), { offset: BigInt(place[2]), row: place[3], id });
    this.#journal.onceSaved(() => {
      for (const { session, delivery } of addressed) session.outbox.saved(delivery);
    });
    // What the disk refuses is sent all the same.
    this.#journal.whenSaved(() => {
      for (const { session, delivery } of addressed) if (delivery.qos === 2) session.outbox.pump();
    });
  }

  isRepeated(place: Place): boolean {
    const key = placeKey(place);
    const made = this.#made.get(key);
    // What the disk has not confirmed may not be committed: it comes a second time rather than never.
    if (made !== undefined) return isUpTo(place, made) && this.isSaved(made.id);
    const last = this.#places.get(key);
    return last !== undefined && isUpTo(place, last);
  }

  // --- from wills

  /** @param due milliseconds since 1970 */
  late(testament: Testament, due: number): void {
    const { kept } = testament.session;
    if (kept === undefined || !kept.isKept) return;
    const { version, publisher, will } = testament;
    const { topic, retain } = will;
    const head = { s: kept.number, version, publisher, topic, retain, due };
    this.#wills.set(testament, this.append('will', head, will.packet));
  }

  over(testament: Testament): void {
    if (!this.#wills.delete(testament)) return;
    const { number } = testament.session.kept!;
    if (number > 0) this.append('willOver', { s: number });
  }

  // --- from the journal

  replay(entry: Entry, id: number): void {
    this.#replayed.apply(entry, id);
  }

  appendAgain(id: number): void {
    const { sessions } = this.#options;
    const now = Date.now();
    for (const session of sessions.all) {
      const { kept } = session;
      if (kept === undefined || !kept.isKept) continue;
      if (kept.id < id) kept.write(session);
      for (const delivery of session.outbox.deliveries())
        if (delivery.number > 0 && delivery.savedAs < id)
          this.#write(
            delivery.publication,
            [{ session, delivery }],
            now - (sessions.tick - delivery.since) / ticksAMs,
            undefined,
          );
    }
    for (const [testament, entry] of this.#wills)
      if (entry < id) this.late(testament, this.#options.wills.dueAt(testament));
  }

  #write(publication: Publication, addressed: readonly Addressed[], at: number, place: Place | undefined): number {
    const { payload, correlationData, ...rest } = publication;
    const correlation = correlationData?.toString('base64');
    const head: Heads['message'] = {
      to: addressed.map(({ session, delivery: { number, qos, retain, subscriptionIds, packetId } }) => [
        session.kept!.number,
        number,
        qos,
        retain,
        subscriptionIds ?? null,
        packetId,
      ]),
      publication: { ...rest, ...(correlation !== undefined && { correlation }) },
      at,
      place,
    };
    const id = this.append('message', head, payload);
    for (const { delivery } of addressed) delivery.savedAs = id;
    return id;
  }

  #restore(): void {
    const { sessions, lastNumber, places } = this.#replayed;
    this.#lastNumber = lastNumber;
    this.#places = new Map(places);
    const now = Date.now();
    for (const [number, replayed] of sessions) if (replayed.head !== undefined) this.#adopt(number, replayed, now);
    sessions.clear();
  }

  #adopt(number: number, replayed: ReplayedSession, now: number): void {
    const { sessions, newReceived, wasWritten, wills } = this.#options;
    const { id: clientId, user } = replayed.head!;
    const messages = [...replayed.messages].sort(([left], [right]) => left - right);
    // Its client may have been connected when the process died: from now on it is away.
    const left = replayed.left ?? now;
    const kept = new KeptSession(this, { number, id: replayed.id, messages: messages.at(-1)?.[0] ?? 0, left });
    const received = newReceived();
    for (const [packetId, message] of replayed.receipts)
      if (message === noMessage || wasWritten(message)) kept.receipts.set(packetId, message);
    received.receipts.restore(kept.receipts.keys());
    const outbox = new Outbox(sessions, kept);
    const session: Session = {
      clientId,
      user,
      subscriptions: replayed.subscriptions,
      outbox,
      kept,
      received,
      expirySeconds: replayed.expiry,
      connected: false,
      endsAt: sessions.tick + (left + replayed.expiry * 1000 - now) * ticksAMs,
    };
    outbox.restore(
      messages.map(([, message]) => deliveryOf(message, sessions.tick, now)),
      replayed.released,
    );
    sessions.adopt(session);
    const { will } = replayed;
    if (will === undefined) return;
    const { version, publisher, topic, retain, packet, due } = will;
    const testament = { session, version, publisher, will: { packet, topic, retain, delaySeconds: 0 } };
    this.#wills.set(testament, will.id);
    wills.restore(testament, due);
  }
}

const isUpTo = (place: Place, { offset, row }: Omit<LastPlace, 'at'>): boolean => {
  const own = BigInt(place[2]);
  return own < offset || (own === offset && place[3] <= row);
};

/** A message as it waits for its client. */
function deliveryOf({ head, to, payload, packetId, id }: ReplayedMessage, tick: number, now: number): Delivery {
  const [, number, qos, retain, subscriptionIds] = to;
  const { correlation, ...rest } = head.publication;
  const correlationData = correlation === undefined ? undefined : Buffer.from(correlation, 'base64');
  const publication: Publication = { ...rest, payload, ...(correlationData && { correlationData }) };
  const { expiry } = publication;
  return {
    publication,
    qos,
    retain,
    subscriptionIds: subscriptionIds ?? undefined,
    countdown: expiry && new Countdown(expiry, now, performance.now()),
    bytes: sizeOf(publication),
    since: tick - Math.max(0, now - head.at) * ticksAMs,
    held: undefined,
    packetId,
    sent: packetId > 0,
    number,
    savedAs: id,
    sentAs: -1,
  };
}
