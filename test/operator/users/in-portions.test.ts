/** Work on many users. */
import { expect, test } from 'vitest';
import { inPortions } from '../../../operator/users/in-portions.ts';

// Ten thousand users of whom nothing was to be asked were one moment of a second, in which no Lease was renewed.
test('what else there is to do goes on between', async () => {
  let others = 0;
  let ended = false;
  const other = () => {
    others++;
    if (!ended) setImmediate(other);
  };
  setImmediate(other);
  let done = 0;
  await inPortions(Array.from({ length: 10_000 }), async () => void done++);
  ended = true;
  expect(done).toBe(10_000);
  expect(others).toBeGreaterThan(10);
});

test('after an error no more are begun', async () => {
  const error = new Error('e');
  let begun = 0;
  const work = async () => {
    begun++;
    throw error;
  };
  await expect(inPortions(Array.from({ length: 100 }), work)).rejects.toBe(error);
  expect(begun).toBeLessThanOrEqual(8);
});
