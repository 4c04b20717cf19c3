/** The Service that clients of a part connect to: what the document says of it, and its ports. */
import type { ServiceSection } from '../../api/schema/service.ts';
import type { KubeObject } from '../runtime/object.ts';
import { type Component, selectorLabels } from './labels.ts';
import { metadataOf } from './metadata.ts';
import type { Pipeline } from './pipeline.ts';

export function clientService(
  pipeline: Pipeline,
  component: Component,
  name: string,
  { type, annotations, nodePort, externalTrafficPolicy, ...loadBalancer }: ServiceSection,
  ports: readonly { readonly name: string; readonly port: number }[],
): KubeObject {
  const { loadBalancerClass, loadBalancerSourceRanges: ranges } = loadBalancer;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...metadataOf(pipeline, component, name),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      type,
      ...(externalTrafficPolicy && { externalTrafficPolicy }),
      ...(loadBalancerClass !== undefined && { loadBalancerClass }),
      ...(ranges.length > 0 && { loadBalancerSourceRanges: ranges }),
      selector: selectorLabels(pipeline.document.metadata.name, component),
      ports: ports.map(({ name, port }) => ({
        name,
        port,
        targetPort: name,
        ...(nodePort !== undefined && { nodePort }),
      })),
    },
  };
}
