/** What leads MQTT clients to a bridge that they connect to themselves (`mqtt.listen`): its ports, a Service, a route of the Gateway API. */
import type { BridgeSpec, MqttKafkaBridge } from '../../api/bridge.ts';
import type { KubeObject } from '../runtime/object.ts';
import { clientService } from './client-service.ts';
import { gatewayRoute } from './gateway-route.ts';
import { clientsName } from './names.ts';
import type { Pipeline } from './pipeline.ts';

type Listen = NonNullable<BridgeSpec['mqtt']['listen']>;

export interface ClientPort {
  /** `mqtt`, `mqtts`, `ws` or `wss`; the second of a kind is `mqtt-2`. */
  readonly name: string;
  readonly port: number;
}

/** What a url of the port begins with. */
export const schemeOf = ({ tls, webSocket }: Listen[number]): string => `${webSocket ? 'ws' : 'mqtt'}${tls ? 's' : ''}`;

/** In the order of the document; none without `listen`. */
export function clientPorts({ spec }: Pick<MqttKafkaBridge, 'spec'>): ClientPort[] {
  const seen = new Map<string, number>();
  return (spec.mqtt.listen ?? []).map(each => {
    const scheme = schemeOf(each);
    const number = (seen.get(scheme) ?? 0) + 1;
    seen.set(scheme, number);
    return { name: number === 1 ? scheme : `${scheme}-${number}`, port: each.port };
  });
}

export function clientEntrances(pipeline: Pipeline): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  const { listen } = spec.mqtt;
  if (listen === undefined) return [];
  const { service = insideOnly, gateway } = spec.bridge;
  const name = clientsName(metadata.name);
  const made = [clientService(pipeline, 'bridge', name, service, clientPorts(pipeline.document))];
  if (gateway === undefined) return made;
  // By names come TLS clients; others at the first port, whatever it is.
  const led = listen.find(({ tls }) => gateway.hostnames.length === 0 || tls !== undefined)!;
  return [...made, gatewayRoute(pipeline, 'bridge', { name, port: led.port }, gateway)];
}

const insideOnly = { type: 'ClusterIP', annotations: {}, loadBalancerSourceRanges: [] } as const satisfies NonNullable<
  BridgeSpec['bridge']['service']
>;
