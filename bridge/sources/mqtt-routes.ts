/**
 * Which rules a message goes through: by its topic, and by the subscription that this copy of it is for.
 *
 * A message that matches two subscriptions may come twice, or once for both; the copy names them (named-subscriptions.ts). A rule reads
 * filters, and each filter of a rule belongs to one subscription. So for each topic a rule has one owner, the subscription of the
 * first of its filters that matches, and takes copies for that one only: each message goes through each rule once. A copy that names no
 * subscription goes through all rules of its topic.
 */
import { partsMatch } from '../../rules/mqtt-source.ts';
import type { MqttSource } from '../../rules/rule.ts';
import { TopicIndex } from '../../rules/topic-index.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Route } from '../flow/source.ts';
import type { NamedSubscriptions } from '../mqtt/named-subscriptions.ts';

interface TopicRoutes {
  readonly all: readonly Route[];
  /** The owner of each. */
  readonly owners: readonly number[];
  readonly byOwner: ReadonlyMap<number, readonly Route[]>;
}

interface Indexed {
  readonly rule: BoundRule;
  readonly filter: MqttSource;
  /** Its place among all filters of all rules. */
  readonly place: number;
}

/** How many topics' routes are remembered. Beyond that all are forgotten and found again: a flood of topics costs time, not memory. */
const remembered = 50_000;
const none: readonly Route[] = [];

export class MqttRoutes {
  readonly #index = new TopicIndex<Indexed>();
  readonly #byTopic = new Map<string, TopicRoutes>();
  readonly #ownerOf: (filter: string) => number;

  /**
   * @param ownerOf the Subscription Identifier under which messages of a rule's filter come; 0 if they come under none
   * @param reads whether a rule gets messages of one of its filters; all, when left out
   */
  constructor(
    rules: readonly BoundRule[],
    ownerOf: (filter: string) => number,
    reads: (rule: BoundRule, filter: string) => boolean = () => true,
  ) {
    this.#ownerOf = ownerOf;
    let place = 0;
    for (const rule of rules)
      for (const filter of rule.filters)
        if (reads(rule, filter.filter)) this.#index.add(filter.filter, { rule, filter, place: place++ });
  }

  /** All rules of a topic. */
  of(topic: string): readonly Route[] {
    return this.#of(topic).all;
  }

  /** The rules that a copy of a message goes through. */
  for(topic: string, named: NamedSubscriptions): readonly Route[] {
    const { all, owners, byOwner } = this.#of(topic);
    if (named.count === 0) return all;
    if (named.count === 1) return byOwner.get(named.identifiers[0] as number) ?? none;
    // The usual case of several: a server that sends one copy for all subscriptions.
    for (let at = 0; ; at++) {
      if (at === owners.length) return all;
      if (!named.includes(owners[at] as number))
        return all.filter((_, index) => named.includes(owners[index] as number));
    }
  }

  #of(topic: string): TopicRoutes {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    const found = this.#find(topic);
    if (this.#byTopic.size >= remembered) this.#byTopic.clear();
    this.#byTopic.set(topic, found);
    return found;
  }

  #find(topic: string): TopicRoutes {
    const all: Route[] = [];
    const owners: number[] = [];
    const byOwner = new Map<number, Route[]>();
    const seen = new Set<BoundRule>();
    for (const { rule, filter } of this.#index.match(topic).sort((left, right) => left.place - right.place)) {
      if (seen.has(rule) || !partsMatch(filter.patterns, topic)) continue;
      seen.add(rule);
      const route = { rule, captures: rule.captures(filter, topic) };
      const owner = this.#ownerOf(filter.filter);
      all.push(route);
      owners.push(owner);
      const routes = byOwner.get(owner);
      if (routes === undefined) byOwner.set(owner, [route]);
      else routes.push(route);
    }
    return { all, owners, byOwner };
  }
}
