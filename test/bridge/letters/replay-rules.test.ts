import { expect, test } from 'vitest';
import type { BoundRule } from '../../../bridge/flow/bound-rule.ts';
import type { Reason } from '../../../bridge/letters/letter.ts';
import { type Destination, partsOf, ReplayRules } from '../../../bridge/letters/replay-rules.ts';
import { drySinks } from '../../../bridge/letters/replay-sinks.ts';

const sink = { kafka: { topic: 't', emptyAsTombstone: false, mqttHeaders: false, rateLimit: '1/h' } };
const document = {
  name: 'r',
  sql: 'SELECT payload FROM "a/#"',
  rateLimit: '1/h',
  sinks: [sink, sink],
};

function rulesOf(destination?: Destination) {
  const parts = partsOf([document as never], destination, '2026-01-01T00:00:00Z');
  const rules = new ReplayRules(parts, drySinks().bind, {});
  const of = (path?: string): BoundRule => rules.of({ rule: 'r', sink: path } as Reason)!;
  return [of(), of('sinks[0].kafka'), of('sinks[1].kafka')] as const;
}

// Each part had a limit of its own: letters of a rule with two sinks were replayed at three times the rate.
test.each([
  undefined,
  { kind: 'kafka', topic: 'elsewhere' },
] as const)('all parts of a rule share its rate limit, to %j', destination => {
  const [whole, first, second] = rulesOf(destination);
  expect([whole, first, second].map(rule => rule.isOverLimit)).toEqual([false, false, false]);
  whole.passed += 1;
  first.passed += 1;
  // What passed is counted when it is asked for.
  expect([whole, first].some(rule => rule.isOverLimit)).toBe(true);
  expect([whole, first, second].map(rule => rule.isOverLimit)).toEqual([true, true, true]);
});

test('a sink has one rate limit, whichever part writes to it', () => {
  const [whole, first, second] = rulesOf();
  expect(whole.limits.sinks).toEqual([first.limits.sinks[0], second.limits.sinks[0]]);
  expect(first.limits.sinks[0]).not.toBe(second.limits.sinks[0]);
  first.limits.sinks[0]!.passed(2);
  expect(whole.limits.sinks.map(limit => limit!.over)).toEqual([true, false]);
});

test('letters to a destination share the rate limit of the sink that it is like', () => {
  const [whole, first] = rulesOf({ kind: 'kafka', topic: 'elsewhere' });
  expect(whole.limits.sinks[0]).toBe(first.limits.sinks[0]);
});
