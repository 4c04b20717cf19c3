/** How a broker is reached: Services, and who may use which port. */
import type { KubeObject } from '../../runtime/object.ts';
import { clientService } from '../client-service.ts';
import { type Component, selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { brokerName } from '../names.ts';
import { headlessService } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { brokerPodsName, brokerPorts } from './address.ts';

const component = 'broker';

export interface Port {
  readonly name: string;
  readonly port: number;
  /** The parts of this bridge that may connect; everybody when it is undefined. */
  readonly from?: readonly Component[];
}

/** The ports of MQTT. What is not encrypted is for our own parts when there is an alternative. */
export function mqttPorts({ document }: Pipeline): Port[] {
  if (document.spec.mqtt.broker!.tls === undefined) return [{ name: 'mqtt', port: brokerPorts.mqtt }];
  return [
    { name: 'mqtt', port: brokerPorts.mqtt, from: ['bridge', 'drain', 'exporter'] },
    { name: 'mqtts', port: brokerPorts.mqtts },
  ];
}

/** @param ports all of the broker's Pods; clients get those that are for everybody */
export const brokerServices = (pipeline: Pipeline, ports: readonly Port[]): KubeObject[] => [
  clientService(
    pipeline,
    component,
    brokerName(pipeline.document.metadata.name),
    pipeline.document.spec.mqtt.broker!.service,
    ports.filter(({ from }) => from === undefined),
  ),
  headlessService(pipeline, component, brokerPodsName(pipeline.document.metadata.name), ports.map(named)),
];

const named = ({ name, port }: Port) => ({ name, port });

export function brokerNetworkPolicy(pipeline: Pipeline, ports: readonly Port[]): KubeObject {
  const { name } = pipeline.document.metadata;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadataOf(pipeline, component, brokerName(name)),
    spec: {
      podSelector: { matchLabels: selectorLabels(name, component) },
      policyTypes: ['Ingress'],
      ingress: ports.map(({ port, from }) => ({
        ports: [{ port, protocol: 'TCP' }],
        ...(from && { from: from.map(each => ({ podSelector: { matchLabels: selectorLabels(name, each) } })) }),
      })),
    },
  };
}
