/** The metadata of what is made for a bridge: it carries its labels, is in its namespace, and goes with it. */
import type { KubeObject, ObjectMeta } from '../runtime/object.ts';
import { ownerReference } from '../runtime/owner.ts';
import { type Component, labels } from './labels.ts';
import type { Pipeline } from './pipeline.ts';

/** A bridge that is in no cluster (`mkb render k8s`) has no uid, and nothing can refer to it. */
export function metadataOf({ document }: Pick<Pipeline, 'document'>, component: Component, name: string): ObjectMeta {
  const owner = document as unknown as KubeObject;
  const { namespace, uid, name: bridge } = owner.metadata;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: labels(bridge, component),
    ...(uid !== undefined && { ownerReferences: [ownerReference(owner)] }),
  };
}
