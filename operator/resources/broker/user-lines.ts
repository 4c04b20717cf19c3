/**
 * The MqttUsers of a Mosquitto as text, one a line, for the scripts of mosquitto-users.ts: user name, password (as JSON writes it), salt, hash, and
 * topics; tabs between. The plain password is what the broker takes while it runs, and the hash what it reads when it starts.
 */
import { createHmac, pbkdf2Sync } from 'node:crypto';
import type { UserAcl } from '../../../api/mqtt-user.ts';

export interface KnownUser {
  readonly username: string;
  /** A line of text. */
  readonly password: string;
  /** In order; the first that fits decides. */
  readonly acls: readonly UserAcl[];
}

/** What Mosquitto's own password files have [mosquitto_passwd(1), PBKDF2 with SHA-512]. A broker does it for each client that connects. */
const iterations = 101;
const saltBytes = 12;
const hashBytes = 64;

/** @param saltKey a secret of the broker's: the same password of a user gets the same salt, and a line changes only with its user */
export function userLine({ username, password, acls }: KnownUser, saltKey: string): string {
  const salt = createHmac('sha256', saltKey).update(`${username}\n${password}`).digest().subarray(0, saltBytes);
  const hash = pbkdf2Sync(password, salt, iterations, hashBytes, 'sha512');
  const topics = acls.map(each => entryOf(each, username)).join(' ');
  return [username, JSON.stringify(password), salt.toString('base64'), hash.toString('base64'), topics].join('\t');
}

/** The password in a line. */
export const passwordIn = (line: string): string => JSON.parse(line.split('\t')[1]!);

/** Two letters, and the topic. */
const entryOf = ({ topic, action, permission }: UserAcl, username: string): string =>
  `${permission[0]}${action === 'all' ? '*' : action[0]}${topic.replaceAll('${username}', username)}`;

/** Every topic, and those that the broker has of itself. */
export const everyTopic: readonly UserAcl[] = ['#', '$SYS/#'].map(topic => ({
  topic,
  action: 'all',
  permission: 'allow',
}));
