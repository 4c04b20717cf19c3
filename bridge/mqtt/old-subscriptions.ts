/**
 * Copies of messages for subscriptions that we do not want any more.
 *
 * A session outlives the document that made it: its filters stay, and what they match comes once for them and once for ours. The copies
 * are known by a Subscription Identifier that none of our filters has. The filter itself is found from identifier and topic
 * (subscription-identifier.ts) and given up.
 *
 * The surprising case is what waited in the session while the bridge was restarted with another document: those messages came when our
 * filters were not subscribed yet, so there is no other copy of them. A session is a queue. So copies for old filters go through the rules
 * until the first one for a filter of ours, and are for no rule after that. A redelivery goes through the rules always, for the copy
 * that came first may have gone through them.
 *
 * The queue of a shared subscription may be another than the session's (HiveMQ). Its old copies go through the rules until it is given up, ten
 * seconds after the first of them: a message may come twice, and none is lost.
 */
import { MkbError } from '../../api/errors.ts';
import type { MqttMessage } from './message.ts';
import type { Subscription } from './options.ts';
import { findFilter } from './subscription-identifier.ts';

export interface OldSubscriptionsOptions {
  readonly subscriptions: readonly Subscription[];
  /** As `Connection.unsubscribe`. */
  readonly unsubscribe: (filters: readonly string[]) => Promise<boolean>;
  /** Told of each old subscription, once. */
  readonly noticed: (error: MkbError) => void;
}

/** So many different identifiers are looked into, in case a server makes them up. */
const mostMet = 1000;
export const sharedPatienceMs = 10_000;
const sharePrefix = /^\$share\/[^/]+\//;

export class OldSubscriptions {
  readonly #options: OldSubscriptionsOptions;
  readonly #filters: Set<string>;
  readonly #prefixes: readonly string[];
  /** Identifiers of our filters. */
  readonly #ours: Set<number>;
  readonly #met = new Set<number>();
  /** Of old shared subscriptions. */
  readonly #shared = new Set<number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Whether a copy for one of our filters came, of QoS 0 and of another: servers may keep two queues. */
  readonly #oursCame = [false, false];

  constructor(options: OldSubscriptionsOptions) {
    this.#options = options;
    const filters = options.subscriptions.map(({ filter }) => filter);
    this.#filters = new Set(filters);
    this.#prefixes = ['', ...new Set(filters.flatMap(filter => sharePrefix.exec(filter)?.[0] ?? []))];
    this.#ours = new Set(options.subscriptions.flatMap(({ identifier }) => identifier ?? []));
  }

  /** These are ours too from now on. */
  accept(more: readonly Subscription[]): void {
    for (const { filter, identifier } of more) {
      this.#filters.add(filter);
      if (identifier !== undefined) this.#ours.add(identifier);
    }
  }

  /** Whether this copy is for no rule. Leaves in `message.named` what is ours. */
  isOld(message: MqttMessage): boolean {
    const { named, qos } = message;
    const queue = qos === 0 ? 0 : 1;
    if (named.count === 0 || this.#ours.size === 0) return false;
    if (named.count > 1 || !this.#ours.has(named.identifiers[0] as number)) {
      for (let at = 0; at < named.count; at++) this.#meet(named.identifiers[at] as number, message.topic);
      const isShared = named.count === 1 && this.#shared.has(named.identifiers[0] as number);
      named.narrow(this.#ours);
      if (named.count === 0) return this.#oursCame[queue]! && !isShared && !message.dup;
    }
    this.#oursCame[queue] = true;
    return false;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #meet(identifier: number, topic: string): void {
    if (this.#ours.has(identifier) || this.#met.has(identifier) || this.#met.size === mostMet) return;
    this.#met.add(identifier);
    const filter = findFilter(identifier, topic, this.#prefixes);
    if (filter === undefined) {
      this.#options.noticed(new MkbError('mqtt-old-subscription-unknown', { identifier, topic }));
      // It may be of another group.
      if (this.#prefixes.length > 1) this.#waitFor(identifier, () => this.#shared.delete(identifier));
    }
    // Another filter had its identifier in an older document.
    else if (this.#filters.has(filter)) this.#ours.add(identifier);
    else if (sharePrefix.test(filter)) this.#waitFor(identifier, () => void this.#giveUp(identifier, filter));
    else void this.#giveUp(identifier, filter);
  }

  /** Its copies go through the rules until `over`. */
  #waitFor(identifier: number, over: () => void): void {
    this.#shared.add(identifier);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      over();
    }, sharedPatienceMs);
    this.#timers.add(timer);
  }

  async #giveUp(identifier: number, filter: string): Promise<void> {
    // Rules may want it by now, and the server has nothing but its name.
    if (this.#filters.has(filter)) return;
    try {
      const isGivenUp = await this.#options.unsubscribe([filter]);
      if (isGivenUp) this.#options.noticed(new MkbError('mqtt-old-subscription', { filter }));
      // The connection was lost: when another copy comes, it is asked again.
      else this.#met.delete(identifier);
    } catch (error) {
      if (!MkbError.is(error)) throw error;
      this.#shared.delete(identifier);
      this.#options.noticed(new MkbError('mqtt-old-subscription-kept', { filter, reason: error.message }));
    }
  }
}
