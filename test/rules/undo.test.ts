import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Memory } from '../../rules/memory.ts';
import { Undo } from '../../rules/undo.ts';

const keys = ['a', 'b', 'c', 'd'];
const changes = fc.array(
  fc.record({ key: fc.constantFrom(...keys), value: fc.option(fc.nat(9), { nil: undefined }), first: fc.boolean() }),
);

test('what memories hold is what they held before, whatever was put and deleted', () => {
  fc.assert(
    fc.property(changes, changes, (before, after) => {
      const memories = [new Memory(), new Memory()];
      const undo = new Undo();
      const watched = memories.map(memory => undo.of(memory));
      const apply = (all: typeof before): void => {
        for (const { key, value, first } of all) {
          const memory = watched[first ? 0 : 1]!;
          if (value === undefined) memory.delete(key);
          else memory.put(key, value);
        }
      };
      const held = () => memories.map(memory => keys.map(key => memory.get(key)));
      apply(before);
      const then = held();
      undo.begin();
      apply(after);
      undo.undo();
      expect(held()).toEqual(then);
    }),
  );
});

test('what is put gives what was there, as ever', () => {
  const memory = new Undo().of(new Memory());
  expect([memory.put('a', 1), memory.put('a', 2), memory.get('a'), memory.delete('a'), memory.get('a')]).toEqual([
    undefined,
    1,
    2,
    2,
    undefined,
  ]);
});
