/** A quota that stopped 200 bridges had each of them ask and write every five seconds, for as long as it lasted. */
import { expect, it } from 'vitest';
import { Rechecks } from '../../../operator/reconcile/rechecks.ts';

it.each([
  [1, 5000],
  [20, 5000],
  [200, 50_000],
  [1000, 250_000],
])('of %d bridges that lack something, each is looked at again after %d ms', (count, ms) => {
  const rechecks = new Rechecks();
  for (let bridge = 0; bridge < count; bridge++) rechecks.lacks(`shop/cars-${bridge}`);
  expect(rechecks.lacks('shop/cars-0')).toBe(ms);
  for (let bridge = 1; bridge < count; bridge++) rechecks.over(`shop/cars-${bridge}`);
  expect(rechecks.againMs).toBe(5000);
});
