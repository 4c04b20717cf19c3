import type { KubeObject, OwnerReference } from './object.ts';

/** Says of an object that is made for `owner`: it belongs to it, goes with it, and nobody else manages it. */
export const ownerReference = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
});

/** The owner that manages an object, if one does. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(reference => reference.controller);
