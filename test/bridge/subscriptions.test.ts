import { expect, test } from 'vitest';
import { subscriptionFilters } from '../../bridge/subscriptions.ts';

test('a filter that another covers is not subscribed to, so that no message comes twice', () => {
  expect(subscriptionFilters(['a/+', 'a/#', 'b/c', 'b/c', 'a/b/c'], undefined)).toEqual(['a/#', 'b/c']);
});

test('filters that overlap without one covering the other are both needed', () => {
  expect(subscriptionFilters(['a/+/c', 'a/b/+'], undefined)).toEqual(['a/+/c', 'a/b/+']);
});

test('a share group goes before each filter', () => {
  expect(subscriptionFilters(['a/+', 'b'], 'group')).toEqual(['$share/group/a/+', '$share/group/b']);
});
