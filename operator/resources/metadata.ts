/** The metadata of what is made for a bridge: it carries its labels, is in its namespace, and goes with it. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { KubeObject, ObjectMeta } from '../runtime/object.ts';
import { ownerReference } from '../runtime/owner.ts';
import { type Component, labels } from './labels.ts';
import type { Pipeline } from './pipeline.ts';

/** Whether there is a resource of the document, with a uid that others can refer to; `mkb render k8s` makes objects without one. */
export const isInCluster = ({ metadata }: MqttKafkaBridge): boolean =>
  (metadata as KubeObject['metadata']).uid !== undefined;

export function metadataOf({ document }: Pick<Pipeline, 'document'>, component: Component, name: string): ObjectMeta {
  const owner = document as unknown as KubeObject;
  const { namespace, name: bridge } = owner.metadata;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: labels(bridge, component),
    ...(isInCluster(document) && { ownerReferences: [ownerReference(owner)] }),
  };
}
