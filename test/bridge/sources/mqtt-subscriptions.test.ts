import { describe, expect, test } from 'vitest';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';

const plan = (filters: readonly string[], share?: string) => planSubscriptions(filters, { share, qos: 1 });
const sent = (filters: readonly string[], share?: string) =>
  plan(filters, share).subscriptions.map(each => each.filter);

describe('what is subscribed', () => {
  test('is each filter once, and none that another one covers', () => {
    expect(sent(['a/+', 'a/#', 'b/c', 'b/c', 'a/b/c'])).toEqual(['a/#', 'b/c']);
  });

  // Both were left out, because each covers the other: nothing was subscribed, and nothing came.
  test('is one of two filters that cover each other', () => {
    expect(sent(['#', '+/#'])).toEqual(['#']);
    expect(sent(['+/#', '#', 'a'])).toEqual(['+/#']);
  });

  test('is both of filters that overlap, each with an identifier of its own', () => {
    const { subscriptions } = plan(['a/+/c', 'a/b/+']);
    expect(subscriptions.map(({ filter }) => filter)).toEqual(['a/+/c', 'a/b/+']);
    expect(new Set(subscriptions.map(({ identifier }) => identifier)).size).toBe(2);
  });

  test('has the group before each filter when replicas share it', () => {
    expect(sent(['a/+', 'b'], 'group')).toEqual(['$share/group/a/+', '$share/group/b']);
  });
});

describe('the owner of a filter', () => {
  test('is the subscription that covers it', () => {
    const { subscriptions, ownerOf } = plan(['a/+', 'a/#', 'b', 'a/b/c'], 'g');
    const [wide, b] = subscriptions.map(({ identifier }) => identifier);
    expect(['a/+', 'a/#', 'a/b/c', 'b'].map(ownerOf)).toEqual([wide, wide, wide, b]);
  });

  test('is one of several that cover it', () => {
    const { subscriptions, ownerOf } = plan(['a/+/c', 'a/b/+', 'a/b/c']);
    expect(subscriptions.map(({ filter }) => filter)).toEqual(['a/+/c', 'a/b/+']);
    expect(ownerOf('a/b/c')).toBe(ownerOf('a/+/c'));
  });

  test('of ten thousand filters is found without comparing each with each', () => {
    const filters = Array.from({ length: 10_000 }, (_, index) => `site/${index % 100}/${index}/+`);
    expect(plan([...filters, 'site/7/#']).subscriptions).toHaveLength(9_901);
  });
});
