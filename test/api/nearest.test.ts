import { expect, it } from 'vitest';
import { nearest } from '../../api/nearest.ts';

it.each([
  ['lingr', 'linger'],
  ['ligner', 'linger'],
  ['Linger', 'linger'],
  ['lingers', 'linger'],
  ['SCRAM_SHA_512', 'scram-sha-512'],
  ['compresion', 'compression'],
])('%s means %s', (typed, meant) => {
  expect(nearest(typed, ['acks', 'linger', 'compression', 'scram-sha-512'])).toBe(meant);
});

it.each(['partitions', 'x', '', 'l'.repeat(10_000)])('%.20s resembles nothing that is allowed', typed => {
  expect(nearest(typed, ['acks', 'linger', 'compression'])).toBeUndefined();
});

it('the closer of two names wins', () => {
  expect(nearest('urlss', ['url', 'urls'])).toBe('urls');
});
