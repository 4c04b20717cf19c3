/**
 * What a session has to do with its subscriptions: when to make them, which of older documents to give up, and which messages that come
 * because of them are for no rule.
 */
import { MkbError } from '../../api/errors.ts';
import { FilterIndex } from '../../rules/filter-index.ts';
import type { Welcome } from './handshake.ts';
import type { MqttMessage, Unwanted } from './message.ts';
import { OldSubscriptions, sharedPatienceMs } from './old-subscriptions.ts';
import type { MqttVersion, SessionOptions, Subscription } from './options.ts';

/** How long overlaps are looked for, in steps: filters may be written to take for ever. */
const mostVisited = 1_000_000;

export interface SessionSubscriptionsEvents {
  /** As `Connection.unsubscribe`. */
  readonly unsubscribe: (filters: readonly string[]) => Promise<boolean>;
  readonly noticed: (error: MkbError) => void;
}

export class SessionSubscriptions {
  readonly #options: SessionOptions;
  readonly #events: SessionSubscriptionsEvents;
  readonly #old: OldSubscriptions;
  #asked: readonly Subscription[];
  /** The server cannot do with Subscription Identifiers. */
  #plain = false;
  /** Filters that are to be given up. */
  #leaving: readonly string[] = [];
  /** Filters of older documents, which the session may have. */
  #unsubscribe: readonly string[];
  #subscribed = false;
  /** Whether this process has begun the session, and not taken up one that was there. */
  #madeSession = false;
  /** Whether stored messages of this connection came before, and are not asked for again. */
  #retainedUnwanted = false;
  #overlapNoticed = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions, events: SessionSubscriptionsEvents) {
    this.#options = options;
    this.#events = events;
    this.#asked = options.subscriptions;
    this.#unsubscribe = options.unsubscribe ?? [];
    this.#old = new OldSubscriptions({ subscriptions: options.subscriptions, ...events });
  }

  /** What to subscribe to. */
  get asked(): readonly Subscription[] {
    return this.#asked;
  }

  get identified(): boolean {
    return !this.#plain;
  }

  /** More are subscribed to: what comes for them is ours from now on. */
  add(more: readonly Subscription[]): void {
    const filters = new Set(more.map(({ filter }) => filter));
    this.#leaving = this.#leaving.filter(filter => !filters.has(filter));
    this.#asked = [
      ...this.#asked,
      ...more.map(({ filter, qos, identifier }) =>
        this.#plain || identifier === undefined ? { filter, qos } : { filter, qos, identifier },
      ),
    ];
    this.#old.accept(more);
  }

  /** What still comes for these is of no rule, and they are not looked for as those of older documents are. */
  leave(filters: readonly string[]): void {
    this.#asked = this.#asked.filter(({ filter }) => !filters.includes(filter));
    this.#leaving = [...this.#leaving, ...filters];
    void this.#leave();
  }

  /** The session may have these, of older documents: they are given up as at the start. */
  giveUp(filters: readonly string[]): void {
    this.#unsubscribe = filters;
    if (this.#subscribed) this.#giveUpAll();
  }

  /** The server cannot do with Subscription Identifiers, whatever it said. */
  dropIdentifiers(): void {
    this.#plain = true;
    this.#asked = this.#asked.map(({ filter, qos }) => ({ filter, qos }));
  }

  /** A server let us in. Returns whether to subscribe: once per process even if the session is there, for the document may have changed. */
  welcomed({ sessionPresent, limits }: Welcome, version: MqttVersion): boolean {
    const subscribes = this.#options.subscribes !== false && (!sessionPresent || !this.#subscribed);
    this.#madeSession ||= !sessionPresent;
    this.#retainedUnwanted = subscribes && this.#refusesRetained(version);
    if (version === '3.1.1' || !limits.identifiersAvailable || this.#plain) this.#noticeOverlap();
    return subscribes;
  }

  /** Everything is subscribed. */
  established(): void {
    if (this.#leaving.length > 0) void this.#leave();
    if (!this.#subscribed) this.#giveUpAll();
    this.#subscribed = true;
  }

  /** Why a message is for no rule, if it is. Reads `message.named`, and leaves in it what is ours. */
  whyUnwanted(message: MqttMessage): Unwanted | undefined {
    const { named } = message;
    named.read(message.buffer, message.propertiesStart, message.propertiesEnd);
    if (named.count > 0 && this.#old.isOld(message)) return 'old_subscription';
    // What is delivered again may have been taken the first time.
    return this.#retainedUnwanted && message.retain && !message.dup ? 'retained' : undefined;
  }

  stop(): void {
    clearTimeout(this.#patience);
    this.#old.stop();
  }

  /** Whether to leave out what comes because we subscribe. An MQTT 5 server does so itself, by Retain Handling. */
  #refusesRetained(version: MqttVersion): boolean {
    const { retained = 'new' } = this.#options;
    if (version === '5' || retained === 'all') return false;
    return retained === 'none' || !this.#madeSession;
  }

  /**
   * Gives up the filters that the document names for it. The queue of a shared subscription may be another than the session's (HiveMQ), and
   * what is left in it is nobody's then: those get some time to be read.
   */
  #giveUpAll(): void {
    const { sharedPatienceMs: patienceMs = sharedPatienceMs } = this.#options;
    const shared = this.#unsubscribe.filter(each => each.startsWith('$share/'));
    void this.#giveUp(this.#unsubscribe.filter(each => !shared.includes(each)));
    clearTimeout(this.#patience);
    if (shared.length > 0) this.#patience = setTimeout(() => void this.#giveUp(shared), patienceMs);
  }

  /** But for those that are subscribed to: rules may have come meanwhile that want them. */
  async #giveUp(unsubscribe: readonly string[]): Promise<void> {
    const wanted = new Set(this.#asked.map(({ filter }) => filter));
    const filters = unsubscribe.filter(each => !wanted.has(each));
    try {
      // If the connection is lost, it is asked on the next one.
      if (filters.length > 0 && !(await this.#events.unsubscribe(filters))) this.#subscribed = false;
    } catch (error) {
      this.#events.noticed(error as MkbError);
    }
  }

  async #leave(): Promise<void> {
    const filters = this.#leaving;
    try {
      if (!(await this.#events.unsubscribe(filters))) return;
    } catch (error) {
      this.#events.noticed(error as MkbError);
    }
    this.#leaving = this.#leaving.filter(filter => !filters.includes(filter));
  }

  #noticeOverlap(): void {
    if (this.#overlapNoticed) return;
    this.#overlapNoticed = true;
    const index = new FilterIndex<undefined>();
    for (const { filter } of this.#options.subscriptions) {
      const matched = filter.replace(/^\$share\/[^/]+\//, '');
      const [other] = index.overlapping(matched).take(1);
      if (other !== undefined) {
        this.#events.noticed(new MkbError('mqtt-filters-overlap', { filter: matched, other: other.filter }));
        return;
      }
      if (index.visited > mostVisited) return;
      index.add(matched, undefined);
    }
  }
}
