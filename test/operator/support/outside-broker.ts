/** An MQTT broker that no bridge runs: its sessions stay when bridges are changed and deleted. */
import { defaultConfiguration } from '../../../operator/configuration.ts';
import { untilStarted } from '../../real/until.ts';
import type { RealCluster } from './real-cluster.ts';

const config = `listener 1883
allow_anonymous true
max_queued_messages 0
persistence false
`;

/** @returns its address, for Pods and for this machine */
export async function startOutsideBroker({ kubernetes }: RealCluster, name: string): Promise<string> {
  const labels = { app: name };
  const metadata = { name, namespace: 'default' };
  const container = {
    name,
    image: defaultConfiguration().images.mosquitto,
    command: ['mosquitto', '-c', '/config/mosquitto.conf'],
    ports: [{ containerPort: 1883 }],
    readinessProbe: { tcpSocket: { port: 1883 }, periodSeconds: 1 },
    volumeMounts: [{ name: 'config', mountPath: '/config' }],
  };
  await kubernetes.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'mosquitto.conf': config } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, labels },
      spec: {
        securityContext: { runAsUser: 1883 },
        containers: [container],
        volumes: [{ name: 'config', configMap: { name } }],
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 1883 }] } },
  );
  await untilStarted(
    `the broker ${name}`,
    async () => (await kubernetes.get('pod', name))?.status?.containerStatuses?.[0]?.ready === true,
  );
  const service = await kubernetes.get('service', name);
  return `mqtt://${service!.spec.clusterIP}:1883`;
}
