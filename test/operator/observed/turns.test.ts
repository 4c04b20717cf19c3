import { describe, expect, it } from 'vitest';
import { inTurns } from '../../../operator/observed/turns.ts';

const settled = () => new Promise(setImmediate);
const signal = new AbortController().signal;

describe('turns', () => {
  it('leave places for others when one party has very much that never ends', async () => {
    // Five hundred Pods of one namespace that never answered kept the figures of all other bridges from being read.
    const begun: string[] = [];
    const held: (() => void)[] = [];
    let now = 0;
    const parties = [Array.from({ length: 500 }, (_, index) => `slow-${index}`), ['good-1', 'good-2']];
    const ended = inTurns(
      parties,
      item => {
        begun.push(item);
        if (!item.startsWith('slow')) return Promise.resolve();
        return new Promise(resolve => held.push(resolve));
      },
      { atOnce: 16, limitMs: 1000, now: () => now, signal },
    );
    await settled();
    expect(begun).toContain('good-1');
    expect(begun).toContain('good-2');
    expect(begun).toHaveLength(6);
    now = 1001;
    for (const end of held.splice(0)) end();
    await ended;
    expect(begun).toHaveLength(6);
  });

  it('do everything in their time', async () => {
    const done: number[] = [];
    const parties = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [10], [11, 12]];
    const work = async (item: number) => {
      await settled();
      done.push(item);
    };
    await inTurns(parties, work, { atOnce: 4, limitMs: 1000, now: () => 0, signal });
    expect(done.sort((a, b) => a - b)).toEqual(parties.flat());
  });
});
