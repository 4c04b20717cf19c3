/** The line of a user: the hash that Mosquitto reads when it starts, and what follows from a change. */
import { pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { userLine } from '../../../../operator/resources/broker/user-lines.ts';

const user = { username: 'van', password: 'pässwort "1"', acls: [] };

test('has the hash of the password, and the same salt for as long as nothing changes', () => {
  const line = userLine(user, 'key');
  const [username, password, salt, hash] = line.split('\t');
  expect(username).toBe('van');
  expect(JSON.parse(password!)).toBe(user.password);
  const expected = pbkdf2Sync(user.password, Buffer.from(salt!, 'base64'), 101, 64, 'sha512').toString('base64');
  expect(hash).toBe(expected);
  expect(Buffer.from(salt!, 'base64')).toHaveLength(12);
  expect(userLine(user, 'key')).toBe(line);
});

test.each([
  ['another user', { ...user, username: 'bus' }, 'key'],
  ['another password', { ...user, password: 'other' }, 'key'],
  ['another broker', user, 'other key'],
])('%s has another salt', (_, other, key) => {
  expect(userLine(other, key).split('\t')[2]).not.toBe(userLine(user, 'key').split('\t')[2]);
});

test('is five fields, whatever the password', () => {
  const password = '\\t"\' \u2028 $(x) %s';
  expect(userLine({ ...user, password }, 'key').split('\t')).toHaveLength(5);
});
