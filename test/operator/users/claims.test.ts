/** Whose a user name is when several MqttUsers, or the document, have it. */
import { expect, test } from 'vitest';
import { takenNames } from '../../../operator/users/claims.ts';
import { watchedUser } from '../../../operator/users/watched-user.ts';

const user = (name: string, username: string, created: string, holds?: string) =>
  watchedUser({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttUser',
    metadata: { name, namespace: 'shop', uid: name, creationTimestamp: `2026-01-0${created}T00:00:00Z` },
    spec: { bridgeRef: { name: 'cars' }, username },
    ...(holds && { status: { username: holds, revision: 'r' } }),
  });

const refused = (users: readonly ReturnType<typeof user>[], document: readonly string[] = []) => {
  const password = { value: 'x' };
  const taken = takenNames(users, { users: document.map(username => ({ username, password })) });
  return [...taken].map(([{ metadata }, holder]) => `${metadata.name}: ${holder}`).sort();
};

test.each([
  ['the document comes first', [user('a', 'x', '1', 'x')], ['x'], ['a: `mqtt.broker.users`']],
  ['the oldest comes first', [user('a', 'x', '2'), user('b', 'x', '1')], [], ['a: MqttUser b']],
  ['of the same age the first by name does', [user('b', 'x', '1'), user('a', 'x', '1')], [], ['b: MqttUser a']],
  // An older user that was given another name took it from the device that had it.
  [
    'who has it keeps it from an older one',
    [user('a', 'x', '1', 'y'), user('b', 'x', '2', 'x')],
    [],
    ['a: MqttUser b'],
  ],
  // Made with another user name, which was taken out later: its password then was that of who manages the broker.
  ["the names of the operator are nobody else's", [user('a', 'mkb-users', '1', 'mkb-users')], [], ['a: the operator']],
  ['other names are free', [user('a', 'x', '1'), user('b', 'y', '2')], ['z'], []],
])('%s', (_, users, document, expected) => {
  expect(refused(users, document)).toEqual(expected);
});
