/** What is written of one session, so that it is there when the bridge starts again. A session that ends with its connection is not written. */
import type { Heads, Kind } from './journal/entries.ts';
import type { Delivery, OutboxRecord } from './outbox.ts';
import type { Subscription } from './subscribe-packet.ts';

/** Where it is written (session-store.ts). */
export interface SessionWriter {
  /** Whether the disk refuses what is written. */
  readonly failing: boolean;
  nextNumber(): number;
  append<K extends Kind>(kind: K, head: Heads[K], bytes?: Buffer): number;
  isSaved(id: number): boolean;
  whenSaved(then: () => void): void;
}

/** What of a session is written, beside its messages. */
interface Session {
  readonly clientId: string;
  readonly user: string | undefined;
  readonly expirySeconds: number;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  readonly outbox: { readonly released: Iterable<number> };
}

/** A message that is not in the buffer, and need not be. */
export const noMessage = -1;

export class KeptSession implements OutboxRecord {
  /** 0 while it is not written. */
  number = 0;
  /** The entry of the whole session. */
  id = -1;
  left: number | undefined;
  /** Identifiers of QoS 2 to the messages that they stand for. */
  readonly receipts = new Map<number, number>();
  readonly #writer: SessionWriter;
  #messages = 0;

  constructor(
    writer: SessionWriter,
    restored?: { number: number; id: number; messages: number; left?: number | undefined },
  ) {
    this.#writer = writer;
    if (restored === undefined) return;
    this.number = restored.number;
    this.id = restored.id;
    this.left = restored.left;
    this.#messages = restored.messages;
  }

  get isKept(): boolean {
    return this.number > 0;
  }

  /** The number of the next message; 0 if it need not be written. */
  nextMessage(): number {
    return this.number === 0 ? 0 : ++this.#messages;
  }

  /** Its client is connected: the session is written if it is to last. */
  came(session: Session): void {
    this.left = undefined;
    if (session.expirySeconds === 0) this.ended();
    else if (this.number > 0) this.#presence(session);
    else {
      this.number = this.#writer.nextNumber();
      this.write(session);
    }
  }

  leaves(session: Session): void {
    this.left = Date.now();
    if (this.number > 0) this.#presence(session);
  }

  ended(): void {
    if (this.number > 0) this.#writer.append('ended', { s: this.number });
    this.number = 0;
  }

  /** The whole of it, but its messages. */
  write({ clientId, user, expirySeconds, subscriptions, outbox }: Session): void {
    this.id = this.#writer.append('session', {
      s: this.number,
      id: clientId,
      user,
      expiry: expirySeconds,
      subscriptions: [...subscriptions.values()],
      receipts: [...this.receipts],
      l: [...outbox.released],
      left: this.left,
    });
  }

  subscribed(subscription: Subscription): void {
    if (this.number > 0) this.#writer.append('subscribed', { s: this.number, subscription });
  }

  unsubscribed(name: string): void {
    if (this.number > 0) this.#writer.append('unsubscribed', { s: this.number, name });
  }

  /** @param message its id in the buffer */
  receipt(packetId: number, message: number): void {
    this.receipts.set(packetId, message);
    if (this.number > 0) this.#writer.append('receipt', { s: this.number, p: packetId, message });
  }

  forgotten(packetId: number): void {
    if (this.receipts.delete(packetId) && this.number > 0)
      this.#writer.append('forgotten', { s: this.number, p: packetId });
  }

  // --- from the outbox

  isSaved({ number, savedAs }: Delivery): boolean {
    return number === 0 || (savedAs >= 0 && this.#writer.isSaved(savedAs));
  }

  mustWait(delivery: Delivery): boolean {
    if (this.#writer.failing || delivery.number === 0) return false;
    return !this.isSaved(delivery) || !this.#writer.isSaved(delivery.sentAs);
  }

  sent(delivery: Delivery): void {
    const { number, savedAs, packetId } = delivery;
    // What is not written yet is written with it.
    if (this.number === 0 || number === 0 || savedAs < 0) return;
    delivery.sentAs = this.#writer.append('sent', { s: this.number, n: number, p: packetId });
  }

  done({ number }: Delivery): void {
    if (this.number > 0 && number > 0) this.#writer.append('done', { s: this.number, n: number });
  }

  received({ number, packetId }: Delivery): void {
    if (this.number > 0 && number > 0) this.#writer.append('received', { s: this.number, n: number, p: packetId });
  }

  completed(packetId: number): void {
    if (this.number > 0) this.#writer.append('completed', { s: this.number, p: packetId });
  }

  whenSaved(then: () => void): void {
    this.#writer.whenSaved(then);
  }

  #presence({ expirySeconds: expiry }: Session): void {
    this.#writer.append('presence', { s: this.number, expiry, left: this.left });
  }
}
