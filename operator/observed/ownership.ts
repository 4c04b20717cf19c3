/**
 * Whose an object is. Names are made of the bridge's, and somebody else may have had the same idea: what is not ours is neither changed nor
 * removed, whatever its name.
 */

import type { KubeObject } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';
import { managedBy, operatorName } from './observed-objects.ts';

const instance = 'app.kubernetes.io/instance';

export const isLabelled = ({ metadata }: KubeObject): boolean => metadata.labels?.[managedBy] === operatorName;

/**
 * Whether the bridge manages the object. That it is one of its owners does not say so: people use owner references as well. Nor does its uid where the
 * object is in another namespace: anyone who has seen it may write it there, and an owner is never elsewhere.
 */
export const madeFor = (object: KubeObject, { metadata: { uid, namespace } }: KubeObject): boolean =>
  controllerOf(object)?.uid === uid && object.metadata.namespace === namespace;

/**
 * Whether the object that is there may become what is wanted: it belongs to the same bridge, or somebody has taken its owner reference away.
 * What an earlier bridge of the same name has left is not ours; the garbage collector is about to remove it.
 */
export function isOurs(there: KubeObject, wanted: KubeObject): boolean {
  const [owner, wantedOwner] = [controllerOf(there), controllerOf(wanted)];
  if (owner) return owner.uid === wantedOwner?.uid;
  return isLabelled(there) && there.metadata.labels?.[instance] === wanted.metadata.labels?.[instance];
}
