/** Lines of passwords: what is no hash is refused before anybody could log in with it. */
import { expect, test } from 'vitest';
import { Passwords, parsePasswords, passwordLine } from '../../../bridge/listen/passwords.ts';

test('a line of a password file that cannot be used is named by its number, and never shown', () => {
  for (const line of [
    'car-1',
    'car-1:plain',
    ':x',
    'car-1:$argon2id$v=19$m=999999999,t=1,p=1$aaaaaaaaaaa$aaaaaaaaaaaaaaaaaaaaaaaa',
  ])
    expect(() => parsePasswords(`# first\n${line}\n`)).toThrow(/line 2/);
});

test('a password that was right once is recognised without another hash, and a wrong one never', async () => {
  const passwords = new Passwords(async () => passwordLine('a', Buffer.from('right')));
  await passwords.reload();
  for (let times = 0; times < 3; times++) {
    expect(await passwords.verify('a', Buffer.from('right'))).toBe('right');
    expect(await passwords.verify('a', Buffer.from('wrong'))).toBe('wrong');
    expect(await passwords.verify('b', Buffer.from('right'))).toBe('wrong');
  }
});

test('the same password has another line each time', async () => {
  const [first, second] = await Promise.all([passwordLine('a', Buffer.from('x')), passwordLine('a', Buffer.from('x'))]);
  expect(first).not.toBe(second);
});
