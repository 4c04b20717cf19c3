/**
 * Which topics the clients of a managed broker may use (`broker.access`), as the list of each kind of broker. With the client's own name in a
 * topic it is the broker that vouches for it: https://mosquitto.org/man/mosquitto-conf-5.html (acl_file),
 * https://docs.emqx.com/en/emqx/v5.8/access-control/authz/file.html
 */
import type { AccessSection, BrokerSection } from '../../../api/schema/broker.ts';
import { controlTopic } from './mosquitto-users.ts';
import { managerUser, ownUserKeys } from './users.ts';

const ownUsers = Object.keys(ownUserKeys);

/** `#` leaves out topics of the broker itself. */
const everything = ['#', '$SYS/#'];

const letters = { clientid: '%c', username: '%u' } as const;

const withLetters = (entry: string): string =>
  entry.replaceAll(/\$\{(clientid|username)\}/g, (_, name) => letters[name as keyof typeof letters]);

/**
 * Without `access` everybody may use everything, each by name: a pattern would be for MqttUsers too. Mosquitto refuses by itself whoever has a
 * wildcard in the name that a pattern would get.
 */
export function mosquittoAccess({
  access,
  anonymous,
  users,
}: Pick<BrokerSection, 'access' | 'anonymous' | 'users'>): string {
  const all = everything.map(filter => `topic readwrite ${filter}`);
  const named = access ? [] : users.map(({ username }) => username);
  return `${[
    // Before the first user: those without a name.
    ...(anonymous ? [...all, ''] : []),
    ...[...ownUsers, ...named].flatMap(user => [`user ${user}`, ...all, '']),
    `user ${managerUser}`,
    `topic write ${controlTopic}`,
    '',
    ...(access?.publish.map(entry => `pattern write ${withLetters(entry)}`) ?? []),
    ...(access?.subscribe.map(entry => `pattern read ${withLetters(entry)}`) ?? []),
  ].join('\n')}\n`;
}

/** EMQX would fill a wildcard in like any other name, so a client with one in its name is refused first. */
export function emqxAccess({ publish, subscribe }: AccessSection): string {
  const all = terms(everything);
  return [
    ...ownUsers.map(user => `{allow, {username, "${user}"}, all, ${all}}.`),
    ...['username', 'clientid'].map(name => `{deny, {${name}, {re, "[+#/]"}}, all, ${all}}.`),
    ...(publish.length > 0 ? [`{allow, all, publish, ${terms(publish)}}.`] : []),
    ...(subscribe.length > 0 ? [`{allow, all, subscribe, ${terms(subscribe)}}.`] : []),
    '{deny, all}.\n',
  ].join('\n');
}

/** A list of Erlang. What the document may hold needs no escapes. */
const terms = (filters: readonly string[]): string => `[${filters.map(filter => `"${filter}"`).join(', ')}]`;
