import { expect, it } from 'vitest';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { controllerOf, ownerReference } from '../../../operator/runtime/owner.ts';

const owner: KubeObject = {
  apiVersion: 'example.com/v1',
  kind: 'Car',
  metadata: { name: 'red', namespace: 'shop', uid: 'uid-red' },
};
const owned = (...ownerReferences: NonNullable<KubeObject['metadata']['ownerReferences']>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'red-config', ownerReferences },
});

it('an object that is made for an owner is managed by it, and holds up its deletion', () => {
  const reference = ownerReference(owner);
  expect(reference).toMatchObject({ apiVersion: 'example.com/v1', kind: 'Car', name: 'red', uid: 'uid-red' });
  expect(reference).toMatchObject({ controller: true, blockOwnerDeletion: true });
  expect(controllerOf(owned(reference))).toBe(reference);
});

it('an owner that does not manage an object is not taken for the one that does', () => {
  const { controller: _, ...bystander } = ownerReference({ ...owner, metadata: { name: 'blue', uid: 'uid-blue' } });
  expect(controllerOf(owned(bystander, ownerReference(owner)))?.name).toBe('red');
  expect(controllerOf(owned(bystander))).toBeUndefined();
  expect(controllerOf(owned())).toBeUndefined();
});
