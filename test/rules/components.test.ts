import fc from 'fast-check';
import { expect, test } from 'vitest';
import { componentsOf } from '../../rules/components.ts';

const nodes = 7;
const graphs = fc.array(fc.array(fc.nat(nodes - 1), { maxLength: 4 }), { minLength: nodes, maxLength: nodes });

/** Whether there is a way from one node to another; a node reaches itself. */
function reaches(next: readonly (readonly number[])[], from: number, to: number, seen = new Set<number>()): boolean {
  if (from === to) return true;
  seen.add(from);
  return next[from]!.some(node => !seen.has(node) && reaches(next, node, to, seen));
}

test('two nodes are of one component exactly if each reaches the other', () => {
  fc.assert(
    fc.property(graphs, fc.nat(nodes - 1), fc.nat(nodes - 1), (next, left, right) => {
      const of = componentsOf(next);
      expect(of[left] === of[right]).toBe(reaches(next, left, right) && reaches(next, right, left));
    }),
  );
});

test('a chain may be longer than the call stack', () => {
  const length = 200_000;
  const of = componentsOf(Array.from({ length }, (_, node) => [(node + 1) % length]));
  expect(new Set(of).size).toBe(1);
});
