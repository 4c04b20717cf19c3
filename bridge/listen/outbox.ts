/**
 * Messages for one client: those that were sent and are not acknowledged, and those that wait for their turn.
 *
 * A message of the flow is safe when each of its clients has acknowledged it, or the session of a client that is not connected has it. A client
 * that is connected and acknowledges nothing holds it for ten seconds; from then on the session has it, until the client acknowledges again.
 * So nobody holds up what others wait for.
 *
 * What waits is bounded by count, bytes and age; the newest message is dropped then, and each that is dropped is counted.
 */
import type { Countdown, Publication } from '../mqtt/publisher/publication.ts';
import { packetBytes, publishPacket, pubrelPacket, type Sending } from '../mqtt/publisher/publish-packet.ts';
import { TopicAliases } from '../mqtt/publisher/topic-aliases.ts';
import { violation } from '../mqtt/violation.ts';

/** A message of the flow, until all whom it is for have it. */
export interface Held {
  /** For how many it is still to be kept. */
  waiting: number;
  /** Nobody wants it sent any more. */
  withdrawn: boolean;
}

/** A message on its way to one client. */
export interface Delivery {
  readonly publication: Publication;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  /** What the client calls the subscriptions that it is for. */
  readonly subscriptionIds: readonly number[] | undefined;
  readonly countdown: Countdown | undefined;
  readonly bytes: number;
  /** When it came here, in ticks. */
  readonly since: number;
  held: Held | undefined;
  /** 0 until it is sent, or about to be. */
  packetId: number;
  /** Whether it was sent. */
  sent: boolean;
  /** Its number in its session; 0 if it is in memory alone. */
  readonly number: number;
  /** The entries that say so, and with which identifier it is sent; -1 while there is none. */
  savedAs: number;
  sentAs: number;
}

/** What an outbox has written of it. */
export interface OutboxRecord {
  /** Whether a delivery is as safe as its session is. */
  isSaved(delivery: Delivery): boolean;
  /** Whether its PUBLISH must not be sent yet: of QoS 2 a client must never get the same with another identifier. */
  mustWait(delivery: Delivery): boolean;
  /** It has an identifier. */
  sent(delivery: Delivery): void;
  /** Acknowledged, or dropped. */
  done(delivery: Delivery): void;
  /** Its PUBREC came. */
  received(delivery: Delivery): void;
  completed(packetId: number): void;
  /** Calls back when the disk has all of this, or refuses it. */
  whenSaved(then: () => void): void;
}

/** Of sessions in memory. */
export const unrecorded: OutboxRecord = {
  isSaved: () => true,
  mustWait: () => false,
  sent: () => undefined,
  done: () => undefined,
  received: () => undefined,
  completed: () => undefined,
  whenSaved: then => then(),
};

/** Why a client does not get a message that it subscribes to. */
export const queueDrops = ['full', 'aged', 'expired', 'too_large', 'refused', 'session_ended', 'congested'] as const;
export type QueueDrop = (typeof queueDrops)[number];

/** A client that is connected. */
export interface Connection {
  readonly version: '5' | '3.1.1';
  /** QoS 1 and 2 messages that it takes at once. */
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  /** Whether what was written waits, since the client does not read. */
  readonly congested: boolean;
  write(bytes: Buffer): void;
}

export interface OutboxHost {
  /** Counts up with time. */
  readonly tick: number;
  readonly limits: { readonly messages: number; readonly bytes: number; readonly ageTicks: number };
  /** Whether there is room for so many bytes more, over all clients. It has them from then on. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  /** The client has the message, or never will, or its session does. */
  release(held: Held): void;
  dropped(why: QueueDrop): void;
}

const lagTicks = 20;

export class Outbox {
  readonly #host: OutboxHost;
  readonly #record: OutboxRecord;
  readonly #inFlight = new Map<number, Delivery>();
  /** Identifiers of QoS 2 whose PUBREL was sent. */
  readonly #released = new Set<number>();
  /** Identifiers that stand for something. */
  readonly #used = new Set<number>();
  #waiting = new Set<Delivery>();
  #connection: Connection | undefined;
  #aliases = new TopicAliases(0);
  #lastId = 0;
  #bytes = 0;
  /** Deliveries that hold a message of the flow, and when the client did its part last. */
  #holding = 0;
  #progressAt = 0;
  #lags = false;

  constructor(host: OutboxHost, record: OutboxRecord = unrecorded) {
    this.#host = host;
    this.#record = record;
  }

  /** Identifiers of QoS 2 whose PUBREL is due. */
  get released(): Iterable<number> {
    return this.#released;
  }

  /** What is not acknowledged, in order. */
  *deliveries(): Iterable<Delivery> {
    yield* this.#inFlight.values();
    yield* this.#waiting;
  }

  /** Takes up what an earlier process had, before anything else comes. */
  restore(deliveries: Iterable<Delivery>, released: Iterable<number>): void {
    for (const packetId of released) {
      this.#released.add(packetId);
      this.#used.add(packetId);
    }
    for (const delivery of deliveries) {
      if (!this.#host.take(delivery.bytes)) {
        this.#record.done(delivery);
        this.#host.dropped('full');
        continue;
      }
      this.#bytes += delivery.bytes;
      this.#waiting.add(delivery);
      if (delivery.packetId > 0) this.#used.add(delivery.packetId);
    }
  }

  /** The disk has it. */
  saved(delivery: Delivery): void {
    if (this.#record.isSaved(delivery)) this.#letGo(delivery);
    this.pump();
  }

  /** Messages that are not acknowledged. */
  get size(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  /** What it was busy with is sent again [MQTT-4.4.0-1]. */
  connect(connection: Connection): void {
    this.#connection = connection;
    this.#aliases = new TopicAliases(connection.version === '5' ? connection.topicAliasMaximum : 0);
    this.#lags = false;
    for (const packetId of this.#released) connection.write(pubrelPacket(packetId));
    this.pump();
  }

  /** From now on the session has what is here. */
  disconnect(): void {
    this.#connection = undefined;
    this.#waiting = new Set([...this.#inFlight.values(), ...this.#waiting]);
    this.#inFlight.clear();
    for (const delivery of this.#waiting) this.#leave(delivery);
  }

  /** There is nobody any more to have what is here. */
  discard(): void {
    this.disconnect();
    for (const delivery of this.#waiting) this.#drop(delivery, 'session_ended');
    this.#released.clear();
    this.#used.clear();
  }

  /** QoS 0: now, or never. */
  sendNow(
    publication: Publication,
    retain: boolean,
    subscriptionIds: readonly number[] | undefined,
    seconds?: number,
  ): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const sending = this.#sending(connection, { qos: 0, packetId: 0, dup: false, retain, subscriptionIds }, seconds);
    if (connection.congested) this.#host.dropped('congested');
    else if (!this.#write(connection, publication, sending)) this.#host.dropped('too_large');
  }

  /** Returns whether there is room for it. */
  add(delivery: Delivery): boolean {
    const { limits, tick } = this.#host;
    const isFull = this.size >= limits.messages || this.#bytes + delivery.bytes > limits.bytes;
    if (isFull || !this.#host.take(delivery.bytes)) {
      if (delivery.held !== undefined) this.#host.release(delivery.held);
      this.#host.dropped('full');
      return false;
    }
    this.#bytes += delivery.bytes;
    if (this.size === 0) this.#progressAt = tick;
    this.#waiting.add(delivery);
    if (delivery.held !== undefined) this.#holding++;
    if (this.#connection === undefined || this.#lags) this.#leave(delivery);
    this.pump();
    return true;
  }

  /** Sends what may be sent. */
  pump(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    // What has to wait holds up what is behind it, but not the writing of it.
    let behind = 0;
    for (const delivery of this.#waiting) {
      const underWay = this.#inFlight.size + this.#released.size + behind;
      if (connection.congested || underWay >= connection.receiveMaximum) return;
      const mustWait = delivery.qos === 2 && delivery.number > 0 && this.#mustWait(delivery);
      if (mustWait || behind > 0) behind++;
      else this.#send(connection, delivery);
    }
  }

  #mustWait(delivery: Delivery): boolean {
    if (delivery.packetId === 0) {
      delivery.packetId = this.#nextId();
      this.#record.sent(delivery);
      if (delivery.sentAs >= 0) this.#record.whenSaved(() => this.pump());
    }
    return this.#record.mustWait(delivery);
  }

  acknowledged(packetId: number, reasonCode: number): void {
    const delivery = this.#inFlight.get(packetId);
    if (delivery === undefined) return;
    if (delivery.qos === 2) throw violation(0x82, 'it answered a PUBLISH of QoS 2 with PUBACK');
    this.#finish(delivery, reasonCode);
    this.#used.delete(packetId);
    this.pump();
  }

  /** PUBREC: the client has it. */
  received(packetId: number, reasonCode: number): void {
    const delivery = this.#inFlight.get(packetId);
    if (delivery?.qos === 1) throw violation(0x82, 'it answered a PUBLISH of QoS 1 with PUBREC');
    if (delivery !== undefined && reasonCode < 0x80) this.#record.received(delivery);
    if (delivery !== undefined) this.#finish(delivery, reasonCode);
    if (delivery !== undefined && reasonCode >= 0x80) this.#used.delete(packetId);
    else if (reasonCode < 0x80) this.#letGoOf(packetId, delivery !== undefined);
    this.pump();
  }

  completed(packetId: number): void {
    if (!this.#released.delete(packetId)) return;
    this.#used.delete(packetId);
    this.#record.completed(packetId);
    this.#progressAt = this.#host.tick;
    this.pump();
  }

  sweep(): void {
    const { tick, limits } = this.#host;
    if (this.#holding > 0 && tick - this.#progressAt > lagTicks) {
      this.#lags = true;
      for (const delivery of this.deliveries()) this.#leave(delivery);
    }
    for (const delivery of this.#waiting) {
      if (tick - delivery.since <= limits.ageTicks) break;
      this.#drop(delivery, 'aged');
    }
  }

  #send(connection: Connection, delivery: Delivery): void {
    const { publication, qos, retain, subscriptionIds, countdown, packetId } = delivery;
    if (delivery.held?.withdrawn) {
      this.#forget(delivery);
      return;
    }
    const wasSent = delivery.sent;
    const seconds = countdown?.secondsLeft(Date.now(), performance.now());
    // What was begun is brought to its end.
    if (seconds === 0 && !wasSent) {
      this.#drop(delivery, 'expired');
      return;
    }
    if (packetId === 0) {
      delivery.packetId = this.#nextId();
      this.#record.sent(delivery);
    }
    delivery.sent = true;
    const what = { qos, packetId: delivery.packetId, dup: wasSent, retain, subscriptionIds };
    if (!this.#write(connection, publication, this.#sending(connection, what, seconds))) {
      this.#drop(delivery, 'too_large');
      return;
    }
    this.#waiting.delete(delivery);
    this.#inFlight.set(delivery.packetId, delivery);
  }

  #sending({ version }: Connection, what: Omit<Sending, 'version'>, seconds: number | undefined): Sending {
    return { ...what, version, expirySeconds: seconds === undefined ? undefined : Math.max(1, seconds) };
  }

  /** Returns whether the client takes packets so large [MQTT-3.1.2-24]. */
  #write(connection: Connection, publication: Publication, sending: Sending): boolean {
    const longest = { ...sending, alias: this.#aliases.any ? 1 : undefined };
    if (packetBytes(publication, longest) > connection.maximumPacketSize) {
      if (!this.#aliases.any || packetBytes(publication, sending) > connection.maximumPacketSize) return false;
      connection.write(publishPacket(publication, sending));
      return true;
    }
    const alias = this.#aliases.any ? this.#aliases.take(publication.topic) : undefined;
    connection.write(publishPacket(publication, { ...sending, ...alias }));
    return true;
  }

  #letGoOf(packetId: number, isNew: boolean): void {
    if (isNew) this.#released.add(packetId);
    const isKnown = this.#released.has(packetId);
    const connection = this.#connection!;
    if (isKnown)
      // Otherwise a client that has forgotten the message could get it again, after a crash.
      this.#record.whenSaved(() => {
        if (this.#connection === connection && this.#released.has(packetId)) connection.write(pubrelPacket(packetId));
      });
    else if (connection.version === '3.1.1') connection.write(pubrelPacket(packetId));
    else connection.write(Buffer.of(0x62, 3, packetId >> 8, packetId & 0xff, 0x92));
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1;
    while (this.#used.has(this.#lastId));
    this.#used.add(this.#lastId);
    return this.#lastId;
  }

  /** The client has answered. */
  #finish(delivery: Delivery, reasonCode: number): void {
    this.#progressAt = this.#host.tick;
    this.#lags = false;
    if (reasonCode >= 0x80) this.#host.dropped('refused');
    this.#forget(delivery);
  }

  #drop(delivery: Delivery, why: QueueDrop): void {
    this.#host.dropped(why);
    if (delivery.packetId > 0) this.#used.delete(delivery.packetId);
    this.#forget(delivery);
  }

  #forget(delivery: Delivery): void {
    this.#waiting.delete(delivery);
    this.#inFlight.delete(delivery.packetId);
    this.#bytes -= delivery.bytes;
    this.#host.give(delivery.bytes);
    this.#record.done(delivery);
    this.#letGo(delivery);
  }

  /** Its session has it, as soon as that is as safe as it can be. */
  #leave(delivery: Delivery): void {
    if (this.#record.isSaved(delivery)) this.#letGo(delivery);
  }

  #letGo(delivery: Delivery): void {
    const { held } = delivery;
    if (held === undefined) return;
    delivery.held = undefined;
    this.#holding--;
    this.#host.release(held);
  }
}
