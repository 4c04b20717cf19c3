/** The small parts of a login: what a certificate says, how often logins may fail, and work that waits its turn. */
import type { PeerCertificate } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { ClientAttributes } from '../../../../bridge/listen/login/attributes.ts';
import { readCertificate } from '../../../../bridge/listen/login/certificate.ts';
import { FailedLogins } from '../../../../bridge/listen/login/failed-logins.ts';
import { Gate } from '../../../../bridge/listen/login/gate.ts';

describe('the names of a certificate', () => {
  const read = (subjectaltname: string | undefined, subject: object = { CN: 'car' }) =>
    readCertificate({ subjectaltname, subject } as unknown as PeerCertificate);

  test.each([
    [undefined, {}],
    ['', {}],
    ['DNS:a', { dnsName: 'a' }],
    ['DNS:a, DNS:b, URI:urn:car:1, email:a@b.c', { dnsName: 'a', uri: 'urn:car:1', email: 'a@b.c' }],
    ['IP Address:127.0.0.1, DNS:a', { dnsName: 'a' }],
    // One name that is made to look like two.
    ['URI:"http://a/, DNS:admin"', { uri: 'http://a/, DNS:admin' }],
    ['DNS:"a\\u0000b, email:x@y", email:c@d', { dnsName: 'a\0b, email:x@y', email: 'c@d' }],
    ['DNS:"broken, DNS:admin', {}],
    ['nonsense', {}],
  ])('%s', (text, names) => {
    expect(read(text)).toEqual({ commonName: 'car', ...names });
  });

  test('a part that the subject has twice is none', () => {
    expect(read(undefined, { CN: ['a', 'b'], O: 'o', OU: '' })).toEqual({ organization: 'o' });
    expect(read(undefined, undefined as never)).toEqual({ commonName: 'car' });
  });
});

describe('failing logins', () => {
  test('of an address are limited, come back with time, and are nothing to others', () => {
    let now = 0;
    const failed = new FailedLogins(2, () => now);
    failed.failed('10.0.0.1');
    expect(failed.allows('10.0.0.1')).toBe(true);
    failed.failed('10.0.0.1');
    expect(failed.allows('10.0.0.1')).toBe(false);
    expect(failed.allows('10.0.0.2')).toBe(true);
    now = 29_999;
    expect(failed.allows('10.0.0.1')).toBe(false);
    now = 30_000;
    expect(failed.allows('10.0.0.1')).toBe(true);
    failed.failed('10.0.0.1');
    expect(failed.allows('10.0.0.1')).toBe(false);
  });

  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:0:0:9', true],
    ['2001:db8:1:2::1', '2001:0db8:0001:0002::', true],
    ['::1', '::2', true],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
  ])('%s and %s are of one owner: %s', (one, other, same) => {
    const failed = new FailedLogins(1, () => 0);
    failed.failed(one);
    expect(failed.allows(other)).toBe(!same);
  });
});

test('work waits its turn in order, is limited in number, and is not begun for who has gone', async () => {
  const gate = new Gate(1, 2);
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = (name: string) => async () => {
    done.push(name);
    await promise;
    return name;
  };
  const all = [gate.run(work('a')), gate.run(work('b'), () => false), gate.run(work('c')), gate.run(work('d'))];
  expect(await all[3]).toBeUndefined();
  resolve();
  expect(await Promise.all(all)).toEqual(['a', undefined, 'c', undefined]);
  expect(done).toEqual(['a', 'c']);
  await expect(gate.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
  expect(await gate.run(async () => 'e')).toBe('e');
});

describe('attributes of the document', () => {
  const of = (from: string, pattern: string | undefined, text: string) => {
    const facts = { clientId: text, username: text, certificate: { organization: text } };
    return new ClientAttributes([{ name: 'a', from: from as 'clientId', pattern }]).of(facts, undefined)?.a;
  };

  test.each([
    ['clientId', undefined, 'x-1', 'x-1'],
    ['username', '^([a-z]+)-', 'x-1', 'x'],
    ['organization', '(\\d+)$', 'x-1', '1'],
    ['dnsName', undefined, 'x', undefined],
    ['clientId', '^y(.*)', 'x', undefined],
    ['clientId', 'x(y*)', 'x', undefined],
    ['clientId', undefined, 'x'.repeat(257), undefined],
  ])('%s by %s of %s', (from, pattern, text, value) => {
    expect(of(from, pattern, text)).toBe(value);
  });

  test('a pattern that would take for ever elsewhere takes no time', () => {
    expect(of('clientId', '^(a+)+$', `${'a'.repeat(50_000)}!`)).toBeUndefined();
  });

  test.each(['(', 'abc', '(?=x)(a)'])('the pattern %s is refused', pattern => {
    expect(() => of('clientId', pattern, 'x')).toThrow(/The attribute a of clients/);
  });

  test('a name such as __proto__ is a name like any other', () => {
    const all = new ClientAttributes([]).of(
      { clientId: 'c', username: undefined, certificate: undefined },
      JSON.parse('{"__proto__": "x", "constructor": "y"}'),
    );
    expect(Object.keys(all!)).toEqual(['__proto__', 'constructor']);
    expect(Object.isFrozen(all)).toBe(true);
  });
});
