import { expect, test } from 'vitest';
import { NoteBudget } from '../../../operator/observed/note-budget.ts';
import { noteAnnotation } from '../../../operator/resources/kit-note.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

const secret = (name: string, length: number | undefined, namespace = 'shop'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    namespace,
    annotations: { other: 'x', ...(length !== undefined && { [noteAnnotation]: 'n'.repeat(length) }) },
  },
});

/** Which of these keep their notes. */
const kept = (budget: NoteBudget, ...objects: KubeObject[]) =>
  objects
    .map(object => budget.withinBudget(object))
    .filter(({ metadata }) => metadata.annotations?.[noteAnnotation] !== undefined)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

// Ten thousand Secrets with our label and a note of 64 KiB each took the memory of the operator.
test('notes of a namespace are kept until it has had its share, and those of others as before', () => {
  const budget = new NoteBudget(100);
  expect(kept(budget, secret('a', 60), secret('b', 60), secret('c', 40), secret('d', 1))).toEqual(['shop/a', 'shop/c']);
  expect(kept(budget, secret('b', 60, 'other'))).toEqual(['other/b']);
});

test('an object that changes, loses its note or goes gives its share back', () => {
  const budget = new NoteBudget(100);
  expect(kept(budget, secret('a', 60), secret('a', 100), secret('a', undefined), secret('b', 100))).toEqual([
    'shop/a',
    'shop/a',
    'shop/b',
  ]);
  budget.forget(secret('b', undefined));
  budget.forget(secret('b', undefined));
  expect(kept(budget, secret('c', 100))).toEqual(['shop/c']);
});

test('whatever else an object has stays', () => {
  const { metadata } = new NoteBudget(1).withinBudget(secret('a', 2));
  expect(metadata).toEqual({ name: 'a', namespace: 'shop', annotations: { other: 'x' } });
});

test('ten thousand notes of a namespace cost what the share is', () => {
  const budget = new NoteBudget();
  const all = Array.from({ length: 10_000 }, (_, index) => secret(`s-${index}`, 65_536));
  expect(kept(budget, ...all)).toHaveLength(64);
});
