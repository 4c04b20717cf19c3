/** The route by which Gateways lead clients to a managed broker. */
import type { KubeObject } from '../../runtime/object.ts';
import { gatewayRoute } from '../gateway-route.ts';
import { brokerName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Port } from './services.ts';

/** @param ports all of the broker's Pods; clients get the first that is for everybody */
export function brokerRoutes(pipeline: Pipeline, ports: readonly Port[]): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  const { gateway } = spec.mqtt.broker!;
  if (gateway === undefined) return [];
  const { port } = ports.find(({ from }) => from === undefined)!;
  return [gatewayRoute(pipeline, 'broker', { name: brokerName(metadata.name), port }, gateway)];
}
