import { expect, test } from 'vitest';
import { NamespaceBudget } from '../../../operator/observed/namespace-budget.ts';
import { isPartial, OwnObjects } from '../../../operator/observed/observed-objects.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

test('a namespace has its share, whatever others have', () => {
  const budget = new NamespaceBudget(100);
  expect(budget.take('a', 'x', 60)).toBe(true);
  expect(budget.take('a', 'y', 60)).toBe(false);
  expect(budget.take('b', 'y', 60)).toBe(true);
  expect(budget.take('a', 'y', 40)).toBe(true);
});

test('all namespaces together have no more than all of them may have', () => {
  const budget = new NamespaceBudget(100, 150);
  expect(['a', 'b'].map(namespace => budget.take(namespace, 'x', 100))).toEqual([true, false]);
  expect(budget.take('b', 'x', 50)).toBe(true);
  budget.forget('a', 'x');
  expect(budget.take('b', 'y', 50)).toBe(true);
  expect(budget.take('a', 'x', 60)).toBe(false);
});

test('what grows, shrinks or goes is counted once', () => {
  const budget = new NamespaceBudget(100);
  expect([10, 90, 100, 20].map(size => budget.take('a', 'x', size))).toEqual([true, true, true, true]);
  expect(budget.take('a', 'x', 101)).toBe(false);
  // It had its share until then.
  expect(budget.take('a', 'y', 100)).toBe(true);
  budget.forget('a', 'y');
  budget.forget('a', 'y');
  budget.forget('never', 'there');
  expect(budget.take('a', 'z', 100)).toBe(true);
});

const service = (name: string, bytes: number, owner = 'MqttKafkaBridge'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    name,
    namespace: 'shop',
    labels: { 'app.kubernetes.io/managed-by': 'mqtt-kafka-operator' },
    ownerReferences: [{ apiVersion: 'mqttkafka.dev/v1alpha1', kind: owner, name: 'cars', uid: 'u', controller: true }],
  },
  ...{ spec: { text: 'x'.repeat(bytes) } },
});

test.each([
  ['of a bridge', service('a', 1000), false],
  ['of somebody else', service('a', 1000, 'Deployment'), true],
  ['larger than any of ours', service('a', 600_000), true],
])('an object %s', (_what, object, partial) => {
  expect(isPartial(new OwnObjects().observed(object))).toBe(partial);
});

test('a thousand objects of a namespace cost what its share is, and one that goes makes room', () => {
  const own = new OwnObjects(10_000);
  const kept = Array.from({ length: 1000 }, (_, index) => own.observed(service(`s-${index}`, 1000))).filter(
    each => !isPartial(each),
  );
  expect(kept.length).toBeGreaterThan(3);
  expect(JSON.stringify(kept).length).toBeLessThan(11_000);
  own.forget(kept[0]!);
  expect(isPartial(own.observed(service('new', 1000)))).toBe(false);
});
