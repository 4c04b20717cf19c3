// A will with a delay of one second was published after half a second, and a session of one second was over as early: time is counted in half
// seconds, and the one that had begun was counted as a whole one.
import { expect, test } from 'vitest';
import { Received } from '../../../bridge/listen/received.ts';
import { Sessions } from '../../../bridge/listen/sessions.ts';
import { type Testament, Wills } from '../../../bridge/listen/wills.ts';

const ticksASecond = 2;
const sessions = () =>
  new Sessions({
    expirySeconds: 3600,
    away: 10,
    subscriptions: 10,
    messages: 10,
    bytes: 1000,
    ageTicks: 100,
    allBytes: 1000,
  });

test.each([1, 2, 60])('a will waits for at least the %d s of its delay, and no tick longer than it must', seconds => {
  let tick = 100;
  const published: number[] = [];
  const wills = new Wills({
    ticks: () => tick,
    mayPublish: () => true,
    takeRoom: () => true,
    giveRoom: () => undefined,
    publish: () => void published.push(tick),
    lost: () => undefined,
  });
  const will = { packet: Buffer.alloc(8), topic: 'a', retain: false, delaySeconds: seconds };
  wills.left({ will, session: { clientId: 'a' } } as Testament, 3600);
  while (published.length === 0) {
    tick++;
    wills.sweep();
  }
  expect(published).toEqual([100 + seconds * ticksASecond + 1]);
});

test.each([
  1, 2, 60,
])('a session outlives its connection for at least %d s, and no tick longer than it must', seconds => {
  const all = sessions();
  const visitor = { clientId: 'a', user: undefined, cleanStart: false, expirySeconds: seconds };
  const { session } = all.open({ ...visitor, maySubscribe: () => true }, new Received(1, 10));
  const leftAt = all.tick;
  all.leave(session);
  while (all.of('a') !== undefined) all.sweep();
  expect(all.tick).toBe(leftAt + seconds * ticksASecond + 1);
});
