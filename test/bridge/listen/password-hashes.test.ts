/** Lines that other programs have written: users who move over keep their passwords. */
import { describe, expect, test } from 'vitest';
import { Passwords, parsePasswords } from '../../../bridge/listen/passwords.ts';

const lines: Readonly<Record<string, string>> = {
  // mosquitto_passwd 2.0
  mosquitto:
    '$7$101$2uGyUDKZDBMIrTWZ$MHnIpEF3tX7A+l5lEzLPgOI1V4DyVanjwL8W/RdnRSFFeQVCZm4qD4Tz0kno572tbs1YGUxlQopIzx/9mG2T8Q==',
  // crypt(3) of libxcrypt
  crypt: '$2b$05$wrJKN5wTUBTmqrQ1RKCiweztHY2tf9a1VERYqLki6rsaGnHJhJ6du',
  php: '$2y$05$wrJKN5wTUBTmqrQ1RKCiweztHY2tf9a1VERYqLki6rsaGnHJhJ6du',
};

describe.each(Object.keys(lines))('a line of %s', name => {
  test('fits its password, and no other', async () => {
    const passwords = new Passwords(async () => `${name}:${lines[name]}\n`);
    await passwords.reload();
    expect(await passwords.verify(name, Buffer.from('secret'))).toBe('right');
    for (const wrong of ['', 'Secret', 'secret ', 'secre'])
      expect(await passwords.verify(name, Buffer.from(wrong))).toBe('wrong');
    expect(await passwords.verify(name, Buffer.from([0xff, 0xfe]))).toBe('wrong');
  });
});

test('names and passwords that are not ASCII are as mosquitto_passwd has them', async () => {
  const hash =
    '$7$101$y7m5bpn7B5Xpx672$bxN9+9kZXOP3XNNZf3Jc1P0GXrrb/95W2hj0s/ds8qwt/H+WK86GOhBB9KSKJdQznQ5qbhdgcpsI5Qgw0RHuNQ==';
  const passwords = new Passwords(async () => `käfer:${hash}`);
  await passwords.reload();
  expect(await passwords.verify('käfer', Buffer.from('pässword'))).toBe('right');
});

test('a hash of bcrypt holds up nobody: other work goes on while it is worked out', async () => {
  const passwords = new Passwords(async () => 'a:$2b$10$NRQWC/RsMrKASte/HxaLjOXDK7mlvtbNOtpoiHzI6NLhaOypKw.vS');
  await passwords.reload();
  const verdict = passwords.verify('a', Buffer.from('secret'));
  let turns = 0;
  let done = false;
  void verdict.finally(() => {
    done = true;
  });
  while (!done) {
    turns++;
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(await verdict).toBe('right');
  expect(turns).toBeGreaterThan(20);
});

test.each([
  [
    '$6$qjXtp73xctGruU23$jSvYA+CVsImTuuN30sug6DDwF6mL8pzD6urttHp7lJNKy1Jz7xlxnKwNkZFgMyrt349t7+QJ/bl4+oyWTFM6dw==',
    'guessed quickly',
  ],
  ['$2b$13$NRQWC/RsMrKASte/HxaLjOXDK7mlvtbNOtpoiHzI6NLhaOypKw.vS', 'cost 13'],
  ['$2b$31$NRQWC/RsMrKASte/HxaLjOXDK7mlvtbNOtpoiHzI6NLhaOypKw.vS', 'cost 31'],
  ['$2b$10$tooshort', 'no bcrypt hash'],
  ['$2x$10$NRQWC/RsMrKASte/HxaLjOXDK7mlvtbNOtpoiHzI6NLhaOypKw.vS', 'no bcrypt hash'],
  [
    '$7$99999999$2uGyUDKZDBMIrTWZ$MHnIpEF3tX7A+l5lEzLPgOI1V4DyVanjwL8W/RdnRSFFeQVCZm4qD4Tz0kno572tbs1YGUxlQopIzx/9mG2T8Q==',
    'no PBKDF2 hash',
  ],
  ['$7$101$2uGyUDKZDBMIrTWZ$AAAA', 'no PBKDF2 hash'],
  ['$1$abc$def', 'no hash of argon2id, bcrypt or PBKDF2'],
  ['secret', 'no hash of argon2id, bcrypt or PBKDF2'],
])('a line whose hash is %s is refused with its number, and never shown', (hash, reason) => {
  const parse = () => parsePasswords(`# users\nuser:${hash}\n`);
  expect(parse).toThrow('line 2');
  expect(parse).toThrow(reason);
  expect(parse).not.toThrow(hash.slice(0, 40));
});
