/** Old shared subscriptions, whose queue may be the group's: tried without a server, so that time can be held. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { MqttMessage } from '../../../bridge/mqtt/message.ts';
import { OldSubscriptions } from '../../../bridge/mqtt/old-subscriptions.ts';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const plan = (filter: string, share?: string) => planSubscriptions([filter], { share, qos: 1 }).subscriptions;

function stage(answer: () => Promise<boolean>) {
  const asked: string[] = [];
  const noticed: MkbError[] = [];
  const old = new OldSubscriptions({
    subscriptions: plan('x/+', 'g'),
    unsubscribe: filters => {
      asked.push(...filters);
      return answer();
    },
    noticed: error => noticed.push(error),
  });
  const isOld = (filter: string, group: 'g' | 'other' | 'none' = 'g') => {
    const message = new MqttMessage('00000000');
    message.topic = 'x/1';
    message.qos = 1;
    message.named.identifiers[0] = plan(filter, group === 'none' ? undefined : group)[0]!.identifier!;
    message.named.count = 1;
    return old.isOld(message);
  };
  return { old, isOld, asked, noticed };
}

test('an old shared subscription is given up after ten seconds of work, and its messages go through the rules', async () => {
  const { isOld, asked, noticed } = stage(() => Promise.resolve(true));
  expect([isOld('x/#'), isOld('x/+'), isOld('x/#')]).toEqual([false, false, false]);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toEqual(['$share/g/x/#']);
  expect(noticed.map(({ code }) => code)).toEqual(['mqtt-old-subscription']);
  // What was in the session's own queue comes after that.
  expect(isOld('x/#')).toBe(false);
});

test('one of another group, which cannot be found, has its messages go through the rules for ten seconds', async () => {
  const { isOld, asked, noticed } = stage(() => Promise.resolve(true));
  expect([isOld('x/+'), isOld('x/#', 'other')]).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(isOld('x/#', 'other')).toBe(true);
  expect(asked).toEqual([]);
  expect(noticed.map(({ code }) => code)).toEqual(['mqtt-old-subscription-unknown']);
});

// A reload that brought the filter back found its subscription, which was ended seconds later.
test('one that a rule reads again meanwhile is kept', async () => {
  const { old, isOld, asked } = stage(() => Promise.resolve(true));
  isOld('x/#');
  old.accept(plan('x/#', 'g'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual([]);
});

test('one that was not shared is given up at once, also where its group is shared now', async () => {
  const { isOld, asked } = stage(() => Promise.resolve(true));
  isOld('x/#', 'none');
  expect(asked).toEqual(['x/#']);
});

test('a subscription that the server keeps is reported once', async () => {
  const { isOld, noticed } = stage(() => Promise.reject(new MkbError('mqtt-unsubscription-refused', { reason: 'no' })));
  isOld('x/#', 'none');
  isOld('x/#', 'none');
  await vi.advanceTimersByTimeAsync(0);
  expect(noticed.map(({ code }) => code)).toEqual(['mqtt-old-subscription-kept']);
});

test('nothing is asked for any more after the end', async () => {
  const { old, isOld, asked } = stage(() => Promise.resolve(true));
  isOld('x/#');
  old.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual([]);
});

test('a server that makes identifiers up costs a bounded search', () => {
  const { old, noticed } = stage(() => Promise.resolve(true));
  const message = new MqttMessage('00000000');
  message.topic = 'x/1';
  message.qos = 1;
  for (let identifier = 1; identifier <= 20_000; identifier++) {
    message.named.identifiers[0] = identifier;
    message.named.count = 1;
    old.isOld(message);
  }
  expect(noticed.length).toBeLessThanOrEqual(1000);
});
