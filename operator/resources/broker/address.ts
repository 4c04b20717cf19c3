/** Where a broker that the operator runs is found. */
import type { MqttKafkaBridge } from '../../../api/bridge.ts';
import { brokerName } from '../names.ts';

/** Where a broker listens in its Pods. With TLS, `mqtt` is for the bridge, its drains and the exporter alone. */
export const brokerPorts = { mqtt: 1883, mqtts: 8883 } as const;

/** Where EMQX serves its REST API and its dashboard, of `brokerPodsName` alone. */
export const emqxApiPort = 18_083;

/** The headless Service that gives each Pod of the broker a name; it has every port. */
export const brokerPodsName = (name: string): string => `${name}-broker-pods`;

/**
 * What the bridge and the exporter connect to at port 1883. The Service for clients has only port 8883 when there is TLS: what is not
 * encrypted must not get a load balancer.
 */
export const brokerHost = ({ metadata, spec }: Pick<MqttKafkaBridge, 'metadata' | 'spec'>): string =>
  spec.mqtt.broker?.tls ? brokerPodsName(metadata.name) : brokerName(metadata.name);
