import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { refusalTo } from '../../network/who-asks.ts';

const request = (headers: Readonly<Record<string, string>>, remoteAddress = '127.0.0.1') =>
  ({ headers: { host: '127.0.0.1:9400', ...headers }, socket: { remoteAddress } }) as unknown as IncomingMessage;
const token = async () => 'secret';
const status = async (...given: Parameters<typeof refusalTo>) => (await refusalTo(...given))?.status ?? 'let in';

describe('without a token', () => {
  test.each([
    ['a program of this machine', {}, '127.0.0.1'],
    ['over IPv6', { host: '[::1]:9400' }, '::1'],
    ['by name', { host: 'localhost:9400' }, '::ffff:127.0.0.1'],
    ['a page of our own', { origin: 'http://127.0.0.1:9400', 'sec-fetch-site': 'same-origin' }, '127.0.0.1'],
    ['a person who types the address', { 'sec-fetch-site': 'none' }, '127.0.0.1'],
  ])('%s is let in', async (_, headers, address) => {
    expect(await status(request(headers, address), undefined)).toBe('let in');
  });

  // A page of any site could read messages of a bridge on the same machine, through a name that it points at 127.0.0.1.
  test.each([
    ['another machine', {}, '10.1.2.3'],
    ['another machine that calls itself localhost', { host: 'localhost' }, '10.1.2.3'],
    ['a name pointed at this machine', { host: 'evil.example:9400' }, '127.0.0.1'],
    ['a name that begins like this machine', { host: 'localhost.evil.example' }, '127.0.0.1'],
    ['an address that begins like this machine', { host: '127.0.0.1.evil.example' }, '127.0.0.1'],
    ['no host', { host: '' }, '127.0.0.1'],
    ['a page of another site', { origin: 'http://evil.example' }, '127.0.0.1'],
    ['a page of another port', { origin: 'http://127.0.0.1:3000' }, '127.0.0.1'],
    ['a page without an origin', { origin: 'null' }, '127.0.0.1'],
    ['a picture in a page of another site', { 'sec-fetch-site': 'cross-site' }, '127.0.0.1'],
    ['a page of another port of this machine', { 'sec-fetch-site': 'same-site' }, '127.0.0.1'],
    ['a proxy', { 'x-forwarded-for': '10.1.2.3' }, '127.0.0.1'],
    ['a proxy that says where it comes from by a name of its own', { 'true-client-ip': '10.1.2.3' }, '127.0.0.1'],
    ['a proxy of a content network', { 'cf-connecting-ip': '10.1.2.3' }, '127.0.0.1'],
    ['a proxy of a cloud', { 'x-amzn-trace-id': 'Root=1-2-3' }, '127.0.0.1'],
    ['a proxy that keeps what another said', { 'x-original-forwarded-for': '10.1.2.3' }, '127.0.0.1'],
    ['a proxy of Linkerd', { 'l5d-client-id': 'a' }, '127.0.0.1'],
    ['a proxy that adds traces', { 'x-b3-traceid': '1' }, '127.0.0.1'],
    ['a sidecar that passes bytes on, as that of Istio does', {}, '127.0.0.6'],
    ['a proxy of a service mesh', { 'x-forwarded-proto': 'http' }, '127.0.0.1'],
    ['a proxy of a service mesh, inside', { 'x-envoy-internal': 'true' }, '127.0.0.1'],
    ['a proxy that follows the standard', { forwarded: 'for=10.1.2.3' }, '127.0.0.1'],
    ['a token where none is wanted', { authorization: 'Bearer secret' }, '10.1.2.3'],
  ])('%s is refused', async (_, headers, address) => {
    expect(await status(request(headers, address), undefined)).toBe(403);
  });
});

// Behind an nginx of the same machine, everybody could read messages: it says nothing of who asks, unless it is set up to.
test('a proxy that asks in HTTP/1.0, as nginx does, is refused', async () => {
  const asked = Object.assign(request({ connection: 'close' }), { httpVersion: '1.0' });
  expect(await status(asked, undefined)).toBe(403);
});

describe('with a token', () => {
  test.each([
    ['another machine with the token', { authorization: 'Bearer secret' }, '10.1.2.3', 'let in'],
    [
      'a proxy with the token',
      { authorization: 'Bearer secret', 'x-forwarded-for': '10.1.2.3' },
      '127.0.0.1',
      'let in',
    ],
    ['this machine without it', {}, '127.0.0.1', 'let in'],
    ['this machine with another', { authorization: 'Bearer other' }, '127.0.0.1', 401],
    ['another machine without it', {}, '10.1.2.3', 401],
    ['another machine with another', { authorization: 'Bearer secre' }, '10.1.2.3', 401],
    ['another machine with another way', { authorization: 'Basic secret' }, '10.1.2.3', 401],
    ['a page of another site with it', { authorization: 'Bearer secret', origin: 'http://evil.example' }, '::1', 403],
  ])('%s: %s', async (_, headers, address, expected) => {
    expect(await status(request(headers as Record<string, string>, address), token)).toBe(expected);
  });
});
