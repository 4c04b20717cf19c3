/** What is under way to an MQTT server, without one: whatever it answers, a message has one outcome, and an identifier one message. */
import { expect, test } from 'vitest';
import { Outbox } from '../../../bridge/mqtt/publisher/outbox.ts';

const publication = (qos: 0 | 1 | 2) => ({
  topic: 't',
  payload: Buffer.from('x'),
  qos,
  retain: false,
  userProperties: [],
});

/** An outbox with messages of these QoS, posted as far as the window goes. Tokens are their places. */
const outboxOf = (qos: readonly (0 | 1 | 2)[], window = 100) => {
  const dropped: number[] = [];
  const outbox = new Outbox<number>(token => dropped.push(token));
  for (const [token, each] of qos.entries()) outbox.add(publication(each), token, undefined, 0, 0);
  return { outbox, dropped, ids: post(outbox, window) };
};

const post = (outbox: Outbox<number>, window = 100): number[] => {
  const ids: number[] = [];
  for (let letter = outbox.next(window); letter !== undefined; letter = outbox.next(window))
    ids.push(outbox.post(letter));
  return ids;
};

test('answers that are repeated, or of identifiers that nobody knows, have no outcome', () => {
  const { outbox } = outboxOf([1]);
  expect(outbox.acknowledged(1)?.token).toBe(0);
  for (const id of [1, 7, 0, 65_535])
    expect([outbox.acknowledged(id), outbox.completed(id)]).toEqual([undefined, undefined]);
  expect(outbox.size).toBe(0);
});

test('a PUBREC is answered with PUBREL even if nobody knows it, and its message counts with PUBCOMP only', () => {
  const { outbox } = outboxOf([2]);
  outbox.received(1, false);
  outbox.received(9, false);
  expect([outbox.takeDue(), outbox.takeDue(), outbox.size]).toEqual([[1, 9], [], 1]);
  expect([outbox.completed(1)?.token, outbox.completed(1), outbox.size]).toEqual([0, undefined, 0]);
});

test('no more are under way than a Receive Maximum that shrinks, exchanges after PUBREC counted', () => {
  const { outbox, ids } = outboxOf([2, 1, 1, 1], 3);
  expect(ids).toEqual([1, 2, 3]);
  outbox.received(1, false);
  expect(outbox.next(3)).toBeUndefined();
  outbox.completed(1);
  outbox.acknowledged(2);
  expect(outbox.next(1)).toBeUndefined();
  outbox.acknowledged(3);
  expect(outbox.next(1)?.token).toBe(3);
});

test('a connection that ends takes nothing: QoS 2 keeps its identifier, the others get new ones, all in order', () => {
  const { outbox } = outboxOf([1, 2, 0, 2]);
  outbox.received(2, false);
  expect(outbox.disconnected()?.token).toBe(0);
  outbox.resumed();
  expect(outbox.takeDue()).toEqual([2]);
  const again: [number, number][] = [];
  for (let letter = outbox.next(100); letter !== undefined; letter = outbox.next(100))
    again.push([letter.token, outbox.post(letter)]);
  expect(again.map(([token]) => token)).toEqual([0, 2, 3]);
  expect(again[2]).toEqual([3, 3]);
  expect(new Set(again.map(([, id]) => id)).has(2)).toBe(false);
});

test('without the session everything is sent as new, what had its PUBREC too, and it is said how many', () => {
  const { outbox } = outboxOf([2, 2, 1]);
  outbox.received(1, false);
  outbox.disconnected();
  expect(outbox.sessionLost()).toBe(2);
  expect([outbox.takeDue(), post(outbox).length, outbox.size]).toEqual([[], 3, 3]);
});

test('what is forgotten under way is dropped once, and its identifier of QoS 2 is freed before it is used again', () => {
  const { outbox, dropped } = outboxOf([2, 1]);
  outbox.forget(() => true);
  expect([dropped, outbox.acknowledged(2), dropped]).toEqual([[1], undefined, [1]]);
  outbox.disconnected();
  outbox.resumed();
  expect([dropped, outbox.takeDue()]).toEqual([[1, 0], [1]]);
  outbox.completed(1);
  expect([outbox.size, outbox.releases]).toEqual([0, false]);
});

// What was given while another message was being dropped was never sent: a sink that sends one after the other gives the next at that moment.
test.each<[string, (outbox: Outbox<number>) => void]>([
  ['before they were sent', outbox => outbox.forget(token => token < 2)],
  [
    'that were under way when the connection ended',
    outbox => {
      post(outbox);
      outbox.forget(token => token < 2);
      outbox.disconnected();
    },
  ],
])('who hears of messages that are dropped %s may add others', (_when, drop) => {
  const added: number[] = [];
  const outbox: Outbox<number> = new Outbox<number>(token => {
    added.push(10 + token);
    outbox.add(publication(1), 10 + token, undefined, 0, 0);
  });
  for (const token of [0, 1, 2]) outbox.add(publication(1), token, undefined, 0, 0);
  drop(outbox);
  expect(added).toEqual([10, 11]);
  const sent: number[] = [];
  for (let letter = outbox.next(100); letter !== undefined; letter = outbox.next(100)) {
    sent.push(letter.token);
    outbox.post(letter);
  }
  expect(sent.toSorted((left, right) => left - right)).toEqual([2, 10, 11]);
  expect(outbox.size).toBe(3);
});
