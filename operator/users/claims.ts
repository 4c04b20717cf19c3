/**
 * Who has which user name at a broker. The first keeps it: one that has it already, and of those that never had it the oldest. The users of the
 * bridge's document come before all, and the operator's own before them: a name may be one of those that was not when the object was made.
 */
import { ownPrefix } from '../../api/mqtt-user.ts';
import type { BrokerSection } from '../../api/schema/broker.ts';
import type { WatchedUser } from './watched-user.ts';

/** Whose each user's name is, if it is not its own: text for people. */
export function takenNames(
  users: readonly WatchedUser[],
  broker: Pick<BrokerSection, 'users'>,
): Map<WatchedUser, string> {
  const holders = new Map<string, string>(broker.users.map(({ username }) => [username, '`mqtt.broker.users`']));
  const taken = new Map<WatchedUser, string>();
  for (const user of [...users].sort(firstOf)) {
    const own = user.username.startsWith(ownPrefix);
    const holder = own ? 'the operator' : holders.get(user.username);
    if (holder === undefined) holders.set(user.username, `MqttUser ${user.metadata.name}`);
    else taken.set(user, holder);
  }
  return taken;
}

const has = ({ status, username }: WatchedUser): boolean =>
  status.revision !== undefined && status.username === username;

function firstOf(a: WatchedUser, b: WatchedUser): number {
  if (has(a) !== has(b)) return has(a) ? -1 : 1;
  const [created, other] = [a, b].map(({ metadata }) => metadata.creationTimestamp ?? '') as [string, string];
  if (created !== other) return created < other ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
