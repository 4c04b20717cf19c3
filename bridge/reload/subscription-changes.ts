/**
 * Which filters a session subscribes to, and which it gives up, when it goes from the rules of one document to those of another while messages come.
 *
 * The trouble is messages that match two subscriptions: they come once for each. So who gets which copy must not change while both are there. A filter
 * that rules keep stays with the subscription that it has, though the next start would choose another; a filter that a subscription covers needs none.
 * Filters whose messages would look the same are refused.
 */
import type { BridgeSpec } from '../../api/bridge.ts';
import { FilterIndex } from '../../rules/filter-index.ts';
import { filterCovers } from '../../rules/topic-filter.ts';
import { TopicIndex } from '../../rules/topic-index.ts';
import type { Subscription } from '../mqtt/options.ts';
import { planSubscriptions, type SubscriptionPlan } from '../sources/mqtt-subscriptions.ts';

/** A rule, by what it reads from MQTT. */
export interface Reader {
  readonly name: string;
  readonly filters: readonly string[];
}

export interface SubscriptionChanges extends SubscriptionPlan {
  readonly added: readonly Subscription[];
  readonly removed: readonly Subscription[];
  /** Why it needs a restart, each with its filters. */
  readonly conflicts: readonly string[];
}

const matched = ({ filter }: Subscription): string => filter.replace(/^\$share\/[^/]+\//, '');

/** @param identifies whether the server says which subscriptions a message comes for */
export function subscriptionChanges(
  plan: SubscriptionPlan,
  before: readonly Reader[],
  after: readonly Reader[],
  { share, qos }: Pick<BridgeSpec['mqtt'], 'share' | 'qos'>,
  identifies: boolean,
): SubscriptionChanges {
  const old = plan.subscriptions;
  const known = new Set(before.flatMap(({ filters }) => filters));
  const all = new Set(after.flatMap(({ filters }) => filters));
  const coverOf = covers(old);
  const owners = new Map<string, number>();
  for (const filter of all) {
    const owner = known.has(filter) ? plan.ownerOf(filter) : coverOf(filter);
    if (owner !== undefined) owners.set(filter, owner);
  }
  const fresh = new Set([...all].filter(filter => !owners.has(filter)));
  const more = planSubscriptions([...fresh], { share, qos });
  for (const filter of fresh) owners.set(filter, more.ownerOf(filter));
  const used = new Set(owners.values());
  const [kept, removed] = [true, false].map(isKept =>
    old.filter(({ identifier = 0 }) => used.has(identifier) === isKept),
  );
  const added = more.subscriptions;
  const taken = new Map(old.map(each => [each.identifier, matched(each)]));
  const conflicts = [
    ...overlaps(added.map(matched), removed!.map(matched)),
    ...(identifies ? [] : overlaps(added.map(matched), kept!.map(matched))),
    ...added.flatMap(each =>
      taken.has(each.identifier) ? [`${matched(each)} and ${taken.get(each.identifier)}`] : [],
    ),
    ...movedFilters(before, after, fresh),
  ];
  return {
    ...{ added, removed: removed!, conflicts: [...new Set(conflicts)] },
    subscriptions: [...kept!, ...added],
    ownerOf: filter => owners.get(filter) ?? 0,
  };
}

/** Finds the identifier of a subscription that covers a filter. */
function covers(subscriptions: readonly Subscription[]): (filter: string) => number | undefined {
  const index = new TopicIndex<Subscription>();
  for (const each of subscriptions) index.add(matched(each), each);
  return filter => {
    // Looked up as if it were a topic, a filter finds all that could cover it.
    const cover = index.match(filter).find(each => filterCovers(matched(each), filter));
    return cover && (cover.identifier ?? 0);
  };
}

/** A rule that would read some topics by another subscription than it did, or than by a filter before. */
function movedFilters(
  before: readonly Reader[],
  after: readonly Reader[],
  fresh: ReadonlySet<string>,
): readonly string[] {
  const own = new Map(before.map(({ name, filters }) => [name, filters]));
  return after.flatMap(({ name, filters }) => {
    const mine = filters.filter(filter => fresh.has(filter));
    const others = [...(own.get(name) ?? []), ...filters.filter(filter => !fresh.has(filter))];
    return overlaps(mine, others);
  });
}

function overlaps(filters: readonly string[], others: readonly string[]): readonly string[] {
  if (filters.length === 0 || others.length === 0) return [];
  const index = new FilterIndex<undefined>();
  for (const other of others) index.add(other, undefined);
  return filters.flatMap(filter => {
    const [found] = index.overlapping(filter).take(1);
    return found === undefined ? [] : [`${filter} and ${found.filter}`];
  });
}
