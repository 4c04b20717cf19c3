/** Who subscribes to what, found by topic: filters of clients, and shared ones, of which one client of a group gets each message (MQTT 5, 4.8). */
import { TopicIndex } from '../../rules/topic-index.ts';
import type { Subscription } from './subscribe-packet.ts';

/** A filter, or a group that shares one, with its members. */
interface Entry<Member> {
  readonly members: Map<Member, Subscription>;
  readonly shared: boolean;
  /** How many messages went to a group: its members get them in turn. */
  turns: number;
}

/** What a member gets a message for. */
export interface Match {
  readonly qos: 0 | 1 | 2;
  readonly retainAsPublished: boolean;
  /** What it calls its subscriptions, those that have a name. */
  readonly identifiers: readonly number[] | undefined;
}

/** @typeParam Member who subscribes */
export class Subscriptions<Member> {
  readonly #index = new TopicIndex<Entry<Member>>();
  readonly #entries = new Map<string, Entry<Member>>();
  readonly #isHere: (member: Member) => boolean;

  /** @param isHere whether a member can take messages now: of a group these come first */
  constructor(isHere: (member: Member) => boolean) {
    this.#isHere = isHere;
  }

  /** In the place of what the member has under the same name. */
  add(member: Member, subscription: Subscription): void {
    const { name, filter, shared } = subscription;
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { members: new Map(), shared, turns: 0 };
      this.#entries.set(name, entry);
      this.#index.add(filter, entry);
    }
    entry.members.set(member, subscription);
  }

  remove(member: Member, { name, filter }: Subscription): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || !entry.members.delete(member) || entry.members.size > 0) return;
    this.#entries.delete(name);
    this.#index.remove(filter, entry);
  }

  /**
   * Calls `to` for each member that is to get a message; of a shared subscription once more, as it is a delivery of its own.
   * @param publisher gets it not by subscriptions with No Local
   */
  match(topic: string, publisher: Member | undefined, to: (member: Member, match: Match) => void): void {
    const found = new Map<Member, Subscription[]>();
    for (const entry of this.#index.match(topic)) {
      if (entry.shared) {
        const chosen = this.#choose(entry);
        to(chosen, matchOf([entry.members.get(chosen)!]));
        continue;
      }
      for (const [member, subscription] of entry.members) {
        if (subscription.noLocal && member === publisher) continue;
        const others = found.get(member);
        if (others === undefined) found.set(member, [subscription]);
        else others.push(subscription);
      }
    }
    for (const [member, subscriptions] of found) to(member, matchOf(subscriptions));
  }

  /** In turn those that can take it; if none can, those that cannot. */
  #choose(entry: Entry<Member>): Member {
    const here = [...entry.members.keys()].filter(this.#isHere);
    const all = here.length > 0 ? here : [...entry.members.keys()];
    return all[entry.turns++ % all.length]!;
  }
}

/** Of several that overlap one message is made, of the highest QoS (MQTT 5, 3.3.4). */
function matchOf(subscriptions: readonly Subscription[]): Match {
  const identifiers = subscriptions.flatMap(({ identifier }) => identifier ?? []);
  return {
    qos: subscriptions.reduce<0 | 1 | 2>((most, { qos }) => (qos > most ? qos : most), 0),
    retainAsPublished: subscriptions.some(each => each.retainAsPublished),
    identifiers: identifiers.length > 0 ? identifiers : undefined,
  };
}
