import { expect, it } from 'vitest';
import { Servers } from '../../../bridge/mqtt/servers.ts';

const delays = { minDelayMs: 100, maxDelayMs: 1000 };
const urls = (count: number) => Array.from({ length: count }, (_, index) => new URL(`mqtt://host${index}:1883`));

it('a round tries each server without pauses, and a pause follows it', () => {
  const servers = new Servers(urls(3), delays, () => 0.5);
  const tried = [0, 1, 2, 3].map(() => [servers.current.hostname, servers.failed()]);
  expect(tried.map(([host]) => host)).toEqual(['host0', 'host1', 'host2', 'host0']);
  expect(tried.map(([, pauseMs]) => pauseMs === 0)).toEqual([true, true, false, true]);
});

it('pauses grow to the largest, and jitter chooses any time below', () => {
  const largest = new Servers(urls(1), delays, () => 1);
  expect([1, 2, 3, 4, 5].map(() => largest.failed())).toEqual([200, 400, 800, 1000, 1000]);
  const smallest = new Servers(urls(1), delays, () => 0);
  expect([1, 2, 3].map(() => smallest.failed())).toEqual([100, 100, 100]);
});

it('a lost connection goes back to its own server first', () => {
  const servers = new Servers(urls(2), delays, () => 1);
  servers.failed();
  servers.lost(0);
  expect(servers.current.hostname).toBe('host1');
});

it('pauses start small again only after a connection that lived', () => {
  const servers = new Servers(urls(1), delays, () => 1);
  servers.failed();
  servers.failed();
  expect(servers.lost(999)).toBe(800);
  expect(servers.lost(1000)).toBe(200);
});

it('a server that was named is chosen by host and port, or by host alone', () => {
  const servers = new Servers(urls(3), delays, () => 1);
  servers.prefer('host2:1883');
  expect(servers.current.hostname).toBe('host2');
  servers.prefer('stranger host1');
  expect(servers.current.hostname).toBe('host1');
  servers.prefer('');
  expect(servers.current.hostname).toBe('host1');
});
