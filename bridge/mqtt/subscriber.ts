/**
 * SUBSCRIBE and UNSUBSCRIBE on one connection: in packets that the server takes, and asked again where its answer is not final.
 *
 * MQTT 5 has one Subscription Identifier for a whole SUBSCRIBE, so with identifiers each filter goes in a packet of its own. Without
 * them there are eight in a packet, which is the most that cloud brokers take. A few packets are unanswered at a time.
 *
 * Packet identifiers are counted down from the largest. They have nothing to do with those of the server's own messages, which begin at 1;
 * but some servers confuse the two, and answer "in use" (0x91).
 */
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import { subscribePacket, unsubscribePacket } from './control-packets.ts';
import type { ServerLimits } from './handshake.ts';
import type { ConnectionOptions, Subscription } from './options.ts';
import { describe } from './reasons.ts';
import type { RequestAnswer } from './request-answers.ts';
import { reactionToSuback, reactionToUnsuback } from './subscribe-reasons.ts';
import { violation } from './violation.ts';

/** One filter of a SUBACK. A grant below what was asked is not an error: the server sends what it can. */
export interface Grant {
  readonly filter: string;
  readonly asked: 0 | 1 | 2;
  readonly granted: 0 | 1 | 2;
}

export interface SubscriberEvents {
  write(bytes: Buffer): void;
  /** The server answered a packet: it is there. */
  answered(): void;
  /** Everything is subscribed. */
  subscribed(grants: readonly Grant[]): void;
  /** A subscription that the server will not give. */
  refused(error: MkbError): void;
  /** Something that is asked again. */
  problem(error: MkbError): void;
}

interface Ask {
  /** Filters to subscribe to; for UNSUBSCRIBE only their texts count. */
  readonly subscriptions: readonly Subscription[];
  /** Of an UNSUBSCRIBE: what waits for it. */
  readonly giveUp: Requested | undefined;
  /** Of a SUBSCRIBE for more than was subscribed at first: what waits for it. */
  readonly more?: Requested | undefined;
  /** How often in a row it was asked again without a pause. */
  readonly atOnce: number;
}

interface Requested {
  left: number;
  readonly answer: PromiseWithResolvers<boolean>;
}

const largestPacketId = 65_535;
const mostFilters = 8;
const mostUnanswered = 10;
/** How often in a row it is asked again without a pause. */
const mostAtOnce = 3;
/** Fixed header, packet identifier and properties of SUBSCRIBE, and what a filter has besides its text: bytes, at most. */
const packetOverhead = 16;
const filterOverhead = 3;

export class Subscriber {
  readonly #options: ConnectionOptions;
  readonly #limits: ServerLimits;
  readonly #events: SubscriberEvents;
  readonly #open = new Map<number, Ask>();
  readonly #grants = new Map<string, Grant>();
  #wanted: readonly Subscription[] | undefined;
  #waiting: Ask[] = [];
  #putOff: Ask[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pauses = 0;
  #packetId = largestPacketId + 1;
  #withIdentifiers: boolean;
  #ended = false;

  constructor(options: ConnectionOptions, limits: ServerLimits, events: SubscriberEvents) {
    this.#options = options;
    this.#limits = limits;
    this.#events = events;
    this.#withIdentifiers = options.version === '5' && limits.identifiersAvailable;
  }

  /** Whether an answer is due. */
  get awaits(): boolean {
    return this.#open.size > 0;
  }

  /** Asks for all of these. Call it once. */
  subscribe(subscriptions: readonly Subscription[]): void {
    this.#wanted = subscriptions;
    for (const { filter } of subscriptions) {
      const code = this.#whyUnavailable(filter);
      if (code !== undefined) {
        this.#refuse(filter, describe(code));
        return;
      }
    }
    this.#enqueue(subscriptions, undefined);
    this.#checkDone();
  }

  /**
   * Asks for more. Fulfilled with whether the server has granted all of them before the connection ended. Rejected with
   * `mqtt-subscription-refused`.
   */
  add(subscriptions: readonly Subscription[]): Promise<boolean> {
    const answer = Promise.withResolvers<boolean>();
    const unavailable = subscriptions.find(({ filter }) => this.#whyUnavailable(filter) !== undefined);
    if (this.#ended || subscriptions.length === 0) answer.resolve(!this.#ended);
    else if (unavailable !== undefined) {
      const { filter } = unavailable;
      answer.reject(refusal(filter, describe(this.#whyUnavailable(filter)!)));
    } else this.#enqueue(subscriptions, undefined, { left: subscriptions.length, answer });
    return answer.promise;
  }

  /**
   * Fulfilled with whether the server has given all of them up before the connection ended: that there was no such subscription counts too.
   * Rejected with `mqtt-unsubscription-refused`.
   */
  unsubscribe(filters: readonly string[]): Promise<boolean> {
    const answer = Promise.withResolvers<boolean>();
    if (this.#ended || filters.length === 0) answer.resolve(!this.#ended);
    else
      this.#enqueue(
        filters.map(filter => ({ filter, qos: 0 })),
        { left: filters.length, answer },
      );
    return answer.promise;
  }

  /** Throws `mqtt-protocol-error` for an answer to nothing, or to something else. */
  suback(packet: RequestAnswer): void {
    const { codes, said } = packet;
    const ask = this.#answered('SUBACK', packet);
    for (const [index, subscription] of ask.subscriptions.entries()) {
      const { filter, qos } = subscription;
      const code = codes[index]!;
      const reaction = reactionToSuback(code, this.#options.version);
      if (reaction === 'done') {
        this.#grants.set(filter, { filter, asked: qos, granted: code as 0 | 1 | 2 });
        granted(ask);
      } else if (reaction === 'refused') {
        this.#refuse(filter, describe(code, said), ask);
        if (ask.more === undefined) return;
      } else {
        if (reaction === 'plainly') this.#withIdentifiers = false;
        this.#askAgain({ ...ask, subscriptions: [subscription] }, reaction, describe(code, said));
      }
    }
    this.#send();
    this.#checkDone();
  }

  /** As `suback`. MQTT 3.1.1 has no reason codes: its UNSUBACK says yes. */
  unsuback(packet: RequestAnswer): void {
    const { codes, said } = packet;
    const ask = this.#answered('UNSUBACK', packet);
    const { answer } = ask.giveUp!;
    for (const [index, subscription] of ask.subscriptions.entries()) {
      const code = codes[index] ?? 0;
      const reaction = reactionToUnsuback(code);
      if (reaction === 'refused') {
        const reason = `${subscription.filter}: ${describe(code, said)}`;
        answer.reject(new MkbError('mqtt-unsubscription-refused', { reason }));
      } else if (reaction === 'done') {
        if (--ask.giveUp!.left === 0) answer.resolve(true);
      } else this.#askAgain({ ...ask, subscriptions: [subscription] }, reaction, describe(code, said));
    }
    this.#send();
  }

  /** The connection has ended: nothing is asked or answered any more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    for (const { giveUp, more } of [...this.#open.values(), ...this.#waiting, ...this.#putOff])
      (giveUp ?? more)?.answer.resolve(false);
    this.#open.clear();
    this.#waiting = [];
    this.#putOff = [];
  }

  #answered(name: 'SUBACK' | 'UNSUBACK', { packetId, codes }: RequestAnswer): Ask {
    const ask = this.#open.get(packetId);
    if (ask === undefined || (ask.giveUp !== undefined) !== (name === 'UNSUBACK'))
      throw violation(0x82, `it sent a ${name} that nobody waits for`);
    const hasCodes = name === 'SUBACK' || this.#options.version === '5';
    const { length } = ask.subscriptions;
    if (hasCodes && codes.length !== length)
      throw violation(0x82, `its ${name} has ${codes.length} reason codes for ${length} topic filters`);
    this.#open.delete(packetId);
    this.#events.answered();
    return ask;
  }

  /** The reason code by which the server would refuse the filter, if it has said that it does not have such (MQTT 5, 3.2.2.3.11 to 13). */
  #whyUnavailable(filter: string): number | undefined {
    const { wildcardsAvailable, sharedAvailable } = this.#limits;
    if (!sharedAvailable && filter.startsWith('$share/')) return 0x9e;
    if (!wildcardsAvailable && /[+#]/.test(filter)) return 0xa2;
    return sizeOf(filter) > this.#roomForFilters ? 0x95 : undefined;
  }

  get #roomForFilters(): number {
    return this.#limits.maximumPacketSize - packetOverhead;
  }

  /** @param ask which it was part of. What is refused of more than was subscribed at first leaves the rest as it is. */
  #refuse(filter: string, reason: string, ask?: Ask): void {
    const error = refusal(filter, reason);
    if (ask?.more) ask.more.answer.reject(error);
    else this.#events.refused(error);
  }

  #enqueue(subscriptions: readonly Subscription[], giveUp: Requested | undefined, more?: Requested): void {
    let group: Subscription[] = [];
    let bytes = 0;
    for (const subscription of subscriptions) {
      const size = sizeOf(subscription.filter);
      const most = giveUp === undefined && this.#identifierOf(subscription) !== undefined ? 1 : mostFilters;
      if (group.length >= most || (group.length > 0 && bytes + size > this.#roomForFilters)) {
        this.#waiting.push({ subscriptions: group, giveUp, more, atOnce: 0 });
        group = [];
        bytes = 0;
      }
      group.push(subscription);
      bytes += size;
    }
    if (group.length > 0) this.#waiting.push({ subscriptions: group, giveUp, more, atOnce: 0 });
    this.#send();
  }

  #askAgain(ask: Ask, reaction: 'again' | 'plainly' | 'later', reason: string): void {
    if (reaction !== 'later' && ask.atOnce < mostAtOnce) {
      this.#waiting.push({ ...ask, atOnce: ask.atOnce + 1 });
      return;
    }
    this.#putOff.push({ ...ask, atOnce: 0 });
    const { filter } = ask.subscriptions[0]!;
    this.#events.problem(new MkbError('mqtt-subscription-put-off', { filter, reason }));
    const { minDelayMs, maxDelayMs } = this.#options.reconnect;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        for (const ask of this.#putOff.splice(0)) this.#waiting.push(ask);
        this.#send();
      },
      backoffMs(++this.#pauses, minDelayMs, maxDelayMs, this.#options.random ?? Math.random),
    );
  }

  #send(): void {
    while (!this.#ended && this.#open.size < mostUnanswered) {
      const ask = this.#waiting.shift();
      if (ask === undefined) return;
      const packetId = this.#freePacketId();
      this.#open.set(packetId, ask);
      this.#events.write(this.#packet(ask, packetId));
    }
  }

  #packet({ subscriptions, giveUp }: Ask, packetId: number): Buffer {
    const { version } = this.#options;
    if (giveUp !== undefined)
      return unsubscribePacket(
        version,
        packetId,
        subscriptions.map(({ filter }) => filter),
      );
    return subscribePacket(this.#options, packetId, subscriptions, this.#identifierOf(subscriptions[0]!));
  }

  #identifierOf({ identifier }: Subscription): number | undefined {
    return this.#withIdentifiers ? identifier : undefined;
  }

  #freePacketId(): number {
    do this.#packetId = this.#packetId > 1 ? this.#packetId - 1 : largestPacketId;
    while (this.#open.has(this.#packetId));
    return this.#packetId;
  }

  #checkDone(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#ended) return;
    if (this.#grants.size < new Set(wanted.map(({ filter }) => filter)).size) return;
    this.#wanted = undefined;
    this.#events.subscribed(wanted.map(({ filter }) => this.#grants.get(filter)!));
  }
}

const refusal = (filter: string, reason: string) => new MkbError('mqtt-subscription-refused', { filter, reason });

function granted({ more }: Ask): void {
  if (more && --more.left === 0) more.answer.resolve(true);
}

const sizeOf = (filter: string): number => Buffer.byteLength(filter) + filterOverhead;
