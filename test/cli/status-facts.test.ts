import { describe, expect, it } from 'vitest';
import { concerns, factsOf, newsOf } from '../../cli/status-facts.ts';
import { conditionTypes } from '../../operator/reconcile/answer.ts';
import { bridgeObject, condition, readyCondition, withConditions } from './made-up-bridges.ts';

const verdict = (object: ReturnType<typeof bridgeObject>) => {
  const { ready, reason } = factsOf(object);
  return [ready, reason];
};

const paused = condition('Paused', 'True', 'Annotation', 'Nothing is changed.');

describe('a bridge is ready', () => {
  it('when Ready says so', () => {
    expect(verdict(bridgeObject())).toEqual([true, 'AllReady']);
  });

  it('when it was ready as it was paused', () => {
    expect(verdict(bridgeObject({ status: withConditions(paused) }))).toEqual([true, 'Paused']);
  });

  it('when the condition does not say of which generation it is', () => {
    const { observedGeneration: _, ...unnumbered } = readyCondition;
    const status = withConditions(unnumbered);
    expect(verdict(bridgeObject({ metadata: { generation: 4 }, status }))).toEqual([true, 'AllReady']);
  });
});

describe('a bridge is not ready', () => {
  it('when Ready says so, for the reason it gives', () => {
    const status = withConditions(condition('Ready', 'False', 'RulesInvalid', 'rules[0]: no such column'));
    expect(factsOf(bridgeObject({ status }))).toMatchObject({
      ready: false,
      reason: 'RulesInvalid',
      message: 'rules[0]: no such column',
    });
  });

  it('when it is not known', () => {
    expect(verdict(bridgeObject({ status: withConditions(condition('Ready', 'Unknown', 'NotKnown')) }))).toEqual([
      false,
      'NotKnown',
    ]);
  });

  it('when no operator has looked at it', () => {
    const facts = factsOf(bridgeObject({ status: undefined }));
    expect([facts.ready, facts.reason]).toEqual([false, 'NotLookedAt']);
    expect(facts.message).toMatch(/Does one run/);
  });

  it('when the operator speaks of the document before this one', () => {
    expect(verdict(bridgeObject({ metadata: { generation: 2 } }))).toEqual([false, 'NotLookedAt']);
  });

  it('when it was changed while it is paused', () => {
    const object = bridgeObject({ metadata: { generation: 2 }, status: withConditions(paused) });
    expect(verdict(object)).toEqual([false, 'Paused']);
  });

  it('when it is being deleted, although everything still runs', () => {
    expect(verdict(bridgeObject({ metadata: { deletionTimestamp: '2026-03-01T12:05:00Z' } }))).toEqual([
      false,
      'Deleting',
    ]);
  });
});

describe('what a condition is to whoever looks', () => {
  it.each([
    ['Ready', 'False', 'bad'],
    ['Ready', 'Unknown', 'open'],
    ['Degraded', 'True', 'bad'],
    ['Degraded', 'False', 'good'],
    ['Progressing', 'True', 'open'],
    ['Progressing', 'False', 'plain'],
    ['Paused', 'True', 'bad'],
    ['OfALaterVersion', 'False', 'plain'],
  ] as const)('%s %s is %s', (type, status, news) => {
    expect(newsOf(condition(type, status, 'Why'))).toBe(news);
  });

  it('is known of every condition that the operator writes', () => {
    for (const type of conditionTypes) {
      const both = (['True', 'False'] as const).map(status => newsOf(condition(type, status, 'Why')));
      expect(new Set(both).size, type).toBe(2);
    }
  });
});

describe('concerns', () => {
  const degraded = condition('Degraded', 'True', 'DrainFailed');

  it('are bad news of a bridge that is ready', () => {
    expect(concerns(factsOf(bridgeObject({ status: withConditions(degraded) })))).toEqual([degraded]);
  });

  it('are none beside the reason why a bridge is not ready', () => {
    const status = withConditions(condition('Ready', 'False', 'PodsNotReady'), degraded);
    expect(concerns(factsOf(bridgeObject({ status })))).toEqual([]);
  });
});

it('leaves out how many replicas are wanted until that is known', () => {
  expect(factsOf({ ...bridgeObject(), spec: {} })).not.toHaveProperty('wanted');
  expect(factsOf(bridgeObject({ replicas: 0 })).wanted).toBe(0);
});
