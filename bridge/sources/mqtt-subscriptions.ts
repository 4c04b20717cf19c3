/**
 * What to subscribe to for a set of rules, and which subscription serves which of their filters.
 *
 * Each filter is subscribed once, and none that another covers, because a broker may deliver a message once for every subscription that
 * matches it [MQTT-3.3.4-2]. What still overlaps is told apart by Subscription Identifiers (MQTT 5).
 */
import { filterCovers } from '../../rules/topic-filter.ts';
import { TopicIndex } from '../../rules/topic-index.ts';
import type { Subscription } from '../mqtt/options.ts';
import { identifiersOf } from '../mqtt/subscription-identifier.ts';

export interface SubscriptionPlan {
  readonly subscriptions: readonly Subscription[];
  /** The Subscription Identifier that messages of a rule's filter come under. */
  readonly ownerOf: (filter: string) => number;
}

/** @param share the group of a shared subscription, if the bridge has several replicas */
export function planSubscriptions(
  filters: readonly string[],
  { share, qos }: { readonly share?: string | undefined; readonly qos: 0 | 1 | 2 },
): SubscriptionPlan {
  const coverOf = covers([...new Set(filters)]);
  const sent = (filter: string) => (share === undefined ? filter : `$share/${share}/${filter}`);
  const needed = [...new Set(coverOf.values())].map(sent);
  const identifiers = identifiersOf(needed);
  return {
    subscriptions: needed.map(filter => ({ filter, qos, identifier: identifiers.get(filter)! })),
    ownerOf: filter => identifiers.get(sent(coverOf.get(filter) ?? filter)) ?? 0,
  };
}

/** For each filter the one that is subscribed in its place: itself, or the widest that covers it. */
function covers(filters: readonly string[]): ReadonlyMap<string, string> {
  const index = new TopicIndex<string>();
  const places = new Map(filters.map((filter, place) => [filter, place]));
  for (const filter of filters) index.add(filter, filter);
  const isWider = (left: string, right: string) =>
    filterCovers(left, right) && (!filterCovers(right, left) || places.get(left)! < places.get(right)!);
  const cover = (filter: string) => {
    // Looked up as if it were a topic, a filter finds all that could cover it.
    const others = index.match(filter).sort((left, right) => places.get(left)! - places.get(right)!);
    return others.reduce((widest, other) => (isWider(other, widest) ? other : widest), filter);
  };
  return new Map(filters.map(filter => [filter, cover(filter)]));
}
