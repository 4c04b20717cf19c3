import { expect, test } from 'vitest';
import { evaluateOnce, exampleMessage } from '../../rules/example-message.ts';
import { thrownBy } from './support/evaluate.ts';

test('what is not told about a message is empty, and no column of its row', () => {
  const message = exampleMessage({ topic: 'a' });
  const sql = 'SELECT clientid, username, qos, payload FROM "a"';
  expect(evaluateOnce(sql, message, { knowsPublisher: true })).toEqual([{ qos: 0, payload: Buffer.alloc(0) }]);
});

test('user properties are read by name', () => {
  const message = exampleMessage({
    topic: 'a',
    userProperties: [
      ['trace', 't1'],
      ['__proto__', 'x'],
    ],
  });
  expect(evaluateOnce('SELECT pub_props.\'User-Property\'.trace AS t FROM "a"', message)).toEqual([{ t: 't1' }]);
});

test('a rule with several filters that match makes one row', () => {
  const message = exampleMessage({ topic: 'a/b' });
  expect(evaluateOnce('SELECT x, y FROM "c", "a/{x}", "{y}/b"', message)).toEqual([{ x: 'b' }]);
});

test('the payload is decoded once for all who ask', () => {
  const message = exampleMessage({ topic: 'a', payload: '{"a": {}}' });
  expect(message.json()).toBe(message.json());
});

test('an empty payload is no JSON', () => {
  const message = exampleMessage({ topic: 'a' });
  expect(thrownBy(() => evaluateOnce('SELECT payload.x FROM "a"', message)).code).toBe('payload-not-json');
});
