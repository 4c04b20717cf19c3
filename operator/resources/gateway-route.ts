/**
 * The route by which Gateways lead clients to a Service. Whether a Gateway takes it is for the Gateway to say: its listeners name the
 * namespaces whose routes they admit (`allowedRoutes`), and by default that is only their own.
 */
import type { GatewaySection } from '../../api/schema/gateway.ts';
import { kinds } from '../kinds.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Component } from './labels.ts';
import { metadataOf } from './metadata.ts';
import type { Pipeline } from './pipeline.ts';

/** @param port of the Service called `name` */
export function gatewayRoute(
  pipeline: Pipeline,
  component: Component,
  { name, port }: { readonly name: string; readonly port: number },
  { parentRefs, hostnames }: GatewaySection,
): KubeObject {
  const byName = hostnames.length > 0;
  const { apiVersion, kind } = byName ? kinds.tlsRoute : kinds.tcpRoute;
  return {
    apiVersion,
    kind,
    metadata: metadataOf(pipeline, component, name),
    spec: { parentRefs, ...(byName && { hostnames }), rules: [{ backendRefs: [{ name, port }] }] },
  };
}
