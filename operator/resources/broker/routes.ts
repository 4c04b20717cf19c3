/**
 * The route by which Gateways lead clients to a managed broker. Whether a Gateway takes it is for the Gateway to say: its listeners name the
 * namespaces whose routes they admit (`allowedRoutes`), and by default that is only their own.
 */
import { kinds } from '../../kinds.ts';
import type { KubeObject } from '../../runtime/object.ts';
import { metadataOf } from '../metadata.ts';
import { brokerName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Port } from './services.ts';

/** @param ports all of the broker's Pods; clients get the first that is for everybody */
export function brokerRoutes(pipeline: Pipeline, ports: readonly Port[]): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  const { gateway } = spec.mqtt.broker!;
  if (gateway === undefined) return [];
  const name = brokerName(metadata.name);
  const byName = gateway.hostnames.length > 0;
  const { apiVersion, kind } = byName ? kinds.tlsRoute : kinds.tcpRoute;
  const { port } = ports.find(({ from }) => from === undefined)!;
  return [
    {
      apiVersion,
      kind,
      metadata: metadataOf(pipeline, 'broker', name),
      spec: {
        parentRefs: gateway.parentRefs,
        ...(byName && { hostnames: gateway.hostnames }),
        rules: [{ backendRefs: [{ name, port }] }],
      },
    },
  ];
}
