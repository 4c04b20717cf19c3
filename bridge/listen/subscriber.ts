/** A client as one that subscribes: its SUBSCRIBEs are answered, and messages for it acknowledged. */
import { packetType } from '../mqtt/frames.ts';
import { readAnswer } from './answer-packet.ts';
import { suback, unsuback } from './answers.ts';
import type { Admission } from './granted.ts';
import { mayMatch } from './receivable.ts';
import type { Session, Sessions } from './sessions.ts';
import { readSubscribe, readUnsubscribe, type Subscription } from './subscribe-packet.ts';
import type { ClientTransport } from './transports.ts';

/** What clients of a bridge can subscribe to. */
export interface Subscribing {
  readonly sessions: Sessions;
  /** Topics that rules publish to, as the document has them. */
  topics: readonly string[];
  /** Whether clients get what other clients publish, without a rule. */
  readonly route: boolean;
}

/** Without either nobody can ever get anything, and CONNACK says so. */
export const anySubscribable = ({ topics, route }: Omit<Subscribing, 'sessions'>): boolean =>
  route || topics.length > 0;

/** More than anybody needs: the memory of subscriptions is bounded by it. */
const longestFilter = 1024;
/** For MQTT 3.1.1, which does not say, and where MQTT 5 says more than is good for it. */
const mostInFlight = 1000;

interface Refusal {
  readonly code: number;
  readonly reason: string;
}

export class Subscriber {
  readonly #session: Session;
  readonly #admission: Admission;
  readonly #transport: ClientTransport;
  readonly #subscribing: Subscribing;

  constructor(session: Session, admission: Admission, transport: ClientTransport, subscribing: Subscribing) {
    this.#session = session;
    this.#admission = admission;
    this.#transport = transport;
    this.#subscribing = subscribing;
    const { version, receiveMaximum, maximumPacketSize, topicAliasMaximum } = admission.connect;
    subscribing.sessions.connect(session, {
      version,
      receiveMaximum: Math.min(receiveMaximum, mostInFlight),
      maximumPacketSize,
      topicAliasMaximum,
      get congested() {
        return transport.congested;
      },
      write: bytes => transport.write(bytes),
    });
  }

  /** A PUBACK, PUBREC, PUBCOMP, SUBSCRIBE or UNSUBSCRIBE. Throws `mqtt-protocol-error`. */
  take(type: number, bytes: Buffer): void {
    if (type === packetType.subscribe) this.#subscribe(bytes);
    else if (type === packetType.unsubscribe) this.#unsubscribe(bytes);
    else this.#answered(type, bytes);
  }

  #answered(type: number, bytes: Buffer): void {
    const { packetId, reasonCode } = readAnswer(bytes, 0, this.#admission.connect.version);
    const { outbox } = this.#session;
    if (type === packetType.puback) outbox.acknowledged(packetId, reasonCode);
    else if (type === packetType.pubrec) outbox.received(packetId, reasonCode);
    else outbox.completed(packetId);
  }

  #subscribe(bytes: Buffer): void {
    const { version, bridge } = this.#admission.connect;
    const { packetId, subscriptions } = readSubscribe(bytes, version);
    let refusal: Refusal | undefined;
    const codes = subscriptions.map(subscription => {
      const why = this.#whyNot(subscription);
      if (why === undefined) {
        const asBridge = bridge && { noLocal: true, retainAsPublished: true };
        this.#subscribing.sessions.subscribe(this.#session, { ...subscription!, ...asBridge });
        return subscription!.qos;
      }
      refusal ??= why;
      return why.code;
    });
    this.#answer(this.#fitting(suback(version, packetId, codes, refusal?.reason)) ?? suback(version, packetId, codes));
  }

  /** A packet with a reason: undefined where the client does not want it [MQTT-3.1.2-29], or not of that size [MQTT-3.9.2-1]. */
  #fitting(packet: Buffer): Buffer | undefined {
    const { wantsReasons, maximumPacketSize } = this.#admission.connect;
    return wantsReasons && packet.length <= maximumPacketSize ? packet : undefined;
  }

  #unsubscribe(bytes: Buffer): void {
    const { version } = this.#admission.connect;
    const { packetId, names } = readUnsubscribe(bytes, version);
    const codes = names.map(name => (this.#subscribing.sessions.unsubscribe(this.#session, name) ? 0x00 : 0x11));
    this.#answer(unsuback(version, packetId, codes));
  }

  /** What the client hears to be so is so after a crash. */
  #answer(bytes: Buffer): void {
    this.#subscribing.sessions.whenSaved(() => this.#transport.write(bytes));
  }

  #whyNot(subscription: Subscription | undefined): Refusal | undefined {
    if (subscription === undefined) return { code: 0x8f, reason: 'This is no topic filter.' };
    const { name, filter } = subscription;
    const { sessions, topics, route } = this.#subscribing;
    if (!this.#admission.access.maySubscribe(filter))
      return { code: 0x87, reason: 'mqtt.clients.subscribe of the bridge does not allow this filter.' };
    if (!route && !topics.some(topic => mayMatch(topic, filter)))
      return {
        code: 0x83,
        reason:
          'No rule of the bridge publishes to such topics: add one with an mqtt sink, or mqtt.clients.route: true for what other clients publish.',
      };
    if (Buffer.byteLength(name) > longestFilter)
      return { code: 0x97, reason: `A filter of more than ${longestFilter} bytes is not taken.` };
    const { subscriptions } = this.#session;
    if (subscriptions.size >= sessions.limits.subscriptions && !subscriptions.has(name))
      return {
        code: 0x97,
        reason: 'The client has as many subscriptions as mqtt.clients.limits.subscriptions allows.',
      };
    return undefined;
  }
}
