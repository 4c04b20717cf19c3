import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubeObject, keyOf } from '../../../operator/runtime/object.ts';
import { Store } from '../../../operator/runtime/store.ts';

interface Thing {
  readonly name: string;
  readonly owners?: readonly string[];
  readonly colors?: readonly string[];
}

const thing = ({ name, owners = [], colors = [] }: Thing): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: {
    name,
    namespace: 'shop',
    ownerReferences: owners.map(uid => ({ apiVersion: 'v1', kind: 'Owner', name: uid, uid })),
  },
  colors,
});

const byColor = { color: (object: KubeObject) => object.colors as string[] };
const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();

describe('a store', () => {
  it('finds objects by key, and those that belong to an owner by its uid', () => {
    const store = new Store();
    store.put(thing({ name: 'a', owners: ['x', 'y'] }));
    store.put(thing({ name: 'b', owners: ['x'] }));
    expect(store.get('shop/a')?.metadata.name).toBe('a');
    expect([names(store.byOwner('x')), names(store.byOwner('y')), store.byOwner('z')]).toEqual([['a', 'b'], ['a'], []]);
  });

  it('finds an object no more by what it was before', () => {
    const store = new Store(byColor);
    store.put(thing({ name: 'a', owners: ['x'], colors: ['red', 'green'] }));
    const old = store.put(thing({ name: 'a', owners: ['y'], colors: ['green'] }));
    expect(old?.colors).toEqual(['red', 'green']);
    expect([store.byOwner('x'), store.byIndex('color', 'red')]).toEqual([[], []]);
    expect([names(store.byOwner('y')), names(store.byIndex('color', 'green'))]).toEqual([['a'], ['a']]);
  });

  it('forgets what is deleted, and says what it was', () => {
    const store = new Store();
    store.put(thing({ name: 'a', owners: ['x'] }));
    expect(store.delete('shop/a')?.metadata.name).toBe('a');
    expect(store.delete('shop/a')).toBeUndefined();
    expect([store.size, store.get('shop/a'), store.byOwner('x')]).toEqual([0, undefined, []]);
  });

  it('knows no index that nobody has asked for', () => {
    expect(new Store().byIndex('color', 'red')).toEqual([]);
  });
});

it('whatever is put and deleted, the indexes say what the objects say', () => {
  const few = fc.constantFrom('a', 'b', 'c');
  const values = fc.array(few, { maxLength: 3 });
  const step = fc.record({ name: few, owners: values, colors: values, deleted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const store = new Store(byColor);
      const model = new Map<string, KubeObject>();
      for (const { deleted, ...rest } of steps) {
        const object = thing(rest);
        expect(deleted ? store.delete(keyOf(object)) : store.put(object)).toBe(model.get(keyOf(object)));
        if (deleted) model.delete(keyOf(object));
        else model.set(keyOf(object), object);
      }
      expect([store.size, store.keys().sort(), names(store.list())]).toEqual([
        model.size,
        [...model.keys()].sort(),
        names([...model.values()]),
      ]);
      for (const value of ['a', 'b', 'c']) {
        const where = (has: (object: KubeObject) => boolean) => names([...model.values()].filter(has));
        expect(names(store.byIndex('color', value))).toEqual(where(each => byColor.color(each).includes(value)));
        expect(names(store.byOwner(value))).toEqual(
          where(each => each.metadata.ownerReferences!.some(({ uid }) => uid === value)),
        );
      }
    }),
  );
});
