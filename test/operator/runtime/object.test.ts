import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyOf, keyParts, keyText } from '../../../operator/runtime/object.ts';

/** As Kubernetes allows it: no slash, never empty. */
const name = fc.stringMatching(/^[a-z0-9]([-.a-z0-9]{0,8}[a-z0-9])?$/);

it('a key is read back as what it was made of', () => {
  fc.assert(
    fc.property(fc.option(name, { nil: undefined }), name, (namespace, own) => {
      const key = namespace === undefined ? { name: own } : { namespace, name: own };
      expect(keyParts(keyText(key))).toEqual(key);
    }),
  );
});

it('two objects have one key only if they have one name and one namespace', () => {
  fc.assert(
    fc.property(name, name, name, name, (space, own, otherSpace, other) => {
      const same = space === otherSpace && own === other;
      expect(keyText({ namespace: space, name: own }) === keyText({ namespace: otherSpace, name: other })).toBe(same);
      expect(keyText({ namespace: space, name: own })).not.toBe(keyText({ name: other }));
    }),
  );
});

it('the key of an object is that of its metadata', () => {
  expect(keyOf({ metadata: { namespace: 'shop', name: 'cars' } })).toBe('shop/cars');
  expect(keyOf({ metadata: { name: 'node-1' } })).toBe('node-1');
});
