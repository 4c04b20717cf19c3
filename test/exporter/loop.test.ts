import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import { Loop } from '../../exporter/loop.ts';
import { until } from '../real/until.ts';

/** A loop of this round, and the errors with which rounds ended. */
function start(round: (signal: AbortSignal) => Promise<void>, { intervalMs = 20, timeoutMs = 20 } = {}) {
  const ended: (MkbError | undefined)[] = [];
  const loop = new Loop({ target: 'The target', intervalMs, timeoutMs, round, ended: error => ended.push(error) });
  loop.start();
  onTestFinished(() => loop.stop());
  return { loop, ended };
}

test('a round follows another, and each ends without an error', async () => {
  const { ended } = start(async () => undefined);
  await until('three rounds', () => ended.length >= 3);
  expect(new Set(ended)).toEqual(new Set([undefined]));
});

test('an error of the table is told as it is, and the next round comes', async () => {
  const error = new MkbError('kafka-unreachable', { address: 'a', reason: 'b' });
  const { ended } = start(() => Promise.reject(error));
  await until('two rounds', () => ended.length >= 2);
  expect(ended.slice(0, 2)).toEqual([error, error]);
});

test('an error that nobody thought of does not end the loop', async () => {
  const { ended } = start(() => Promise.reject(new TypeError('no such thing')));
  await until('two rounds', () => ended.length >= 2);
  expect(ended[0]?.code).toBe('unexpected');
});

test('a target that hangs is never asked twice at once, and its round has failed all the same', async () => {
  const hang = Promise.withResolvers<void>();
  let rounds = 0;
  const { ended } = start(() => {
    rounds++;
    return hang.promise;
  });
  await until('the failure', () => ended.length > 0);
  expect([ended[0]?.code, rounds]).toEqual(['collection-timeout', 1]);
  hang.resolve();
  await until('the next round', () => rounds > 1);
});

test('a round that heeds its signal says itself what it waited for', async () => {
  const { ended } = start(async signal => {
    await once(signal, 'abort');
    throw new MkbError('probe-lost', { url: 'u', topic: 't', waitedMs: 20 });
  });
  await until('the failure', () => ended.length > 0);
  expect(ended[0]?.code).toBe('probe-lost');
});

test('stopping ends the round that is under way and starts no other', async () => {
  let rounds = 0;
  const { loop, ended } = start(
    async signal => {
      rounds++;
      await once(signal, 'abort');
    },
    { intervalMs: 60_000, timeoutMs: 60_000 },
  );
  await until('the first round', () => rounds === 1);
  await loop.stop();
  expect([rounds, ended]).toEqual([1, []]);
});
