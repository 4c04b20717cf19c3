/**
 * Finalizers keep an object, once it is deleted, until we have cleaned up what lies outside of the cluster.
 *
 * The list is everybody's: each puts its own name in and takes only that out. A patch that names the resource version does this without
 * touching what others write at the same time; the server refuses it when they did. The patch holds the whole list rather than a place in it:
 * of a list that has become shorter meanwhile the place would not be there, and the server says of such a patch that it makes no sense,
 * which nobody tries again.
 */
import { MkbError } from '../../api/errors.ts';
import type { ApiClient, CallOptions, PatchOperation } from './client.ts';
import type { ResourceKind } from './kinds.ts';
import type { KubeObject } from './object.ts';

/**
 * Adds `finalizer` to an object that does not have it.
 *
 * @param object as it was observed
 * @returns the object as it is now
 * @throws kube-conflict when it has changed since; kube-invalid when it is being deleted, for then none may be added
 */
export async function addFinalizer(
  client: ApiClient,
  kind: ResourceKind,
  object: KubeObject,
  finalizer: string,
  options?: CallOptions,
): Promise<KubeObject> {
  const { finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer)) return object;
  return await client.patch(kind, object.metadata, withFinalizers(object, [...finalizers, finalizer]), options);
}

/**
 * Takes `finalizer` out, upon which a deleted object goes.
 *
 * @param object as it was observed
 * @returns the object as it is now, or as it was when it is gone
 * @throws kube-conflict when it has changed since
 */
export async function removeFinalizer(
  client: ApiClient,
  kind: ResourceKind,
  object: KubeObject,
  finalizer: string,
  options?: CallOptions,
): Promise<KubeObject> {
  const { finalizers = [] } = object.metadata;
  if (!finalizers.includes(finalizer)) return object;
  const others = finalizers.filter(name => name !== finalizer);
  try {
    return await client.patch(kind, object.metadata, withFinalizers(object, others), options);
  } catch (error) {
    if (!MkbError.is(error, 'kube-not-found')) throw error;
    return object;
  }
}

/** Writing the version is how a patch names it: a `test` of it would do as well, but fail as if the patch made no sense. */
const withFinalizers = ({ metadata }: KubeObject, finalizers: readonly string[]): PatchOperation[] => [
  { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
  { op: 'add', path: '/metadata/finalizers', value: finalizers },
];
