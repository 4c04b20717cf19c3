/** Where the parts of a pipeline are found: the addresses of outside, and the Services of what is run here. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { maskUrls } from '../../api/words.ts';
import type { Component } from '../resources/labels.ts';
import type { KubeObject } from '../runtime/object.ts';
import { componentOf } from './workloads.ts';

interface Service extends KubeObject {
  readonly spec?: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
}

/**
 * @param brokerUrl what `mqtt.brokerRef` stands for
 * @param objects what belongs to the bridge
 */
export function endpointsOf(
  document: MqttKafkaBridge,
  brokerUrl: string | undefined,
  objects: readonly KubeObject[],
): Record<string, string> {
  const services = objects.filter(({ kind }) => kind === 'Service') as Service[];
  const { mqtt } = document.spec;
  const entries = {
    mqtt:
      (mqtt.url && maskUrls(mqtt.url)) ??
      mqtt.urls?.map(url => maskUrls(url)).join(',') ??
      brokerUrl ??
      addressOf(
        services,
        mqtt.listen ? 'bridge' : 'broker',
        mqtt.broker?.tls ? 'mqtts' : 'mqtt',
        mqtt.listen?.[0]?.port,
      ),
    prometheus: addressOf(services, 'prometheus', 'http'),
    grafana: addressOf(services, 'grafana', 'http'),
  };
  return Object.fromEntries(Object.entries(entries).filter(([, address]) => address !== undefined)) as Record<
    string,
    string
  >;
}

/** Of the Service that clients use, not of the one that only gives Pods their names. */
function addressOf(
  services: readonly Service[],
  component: Component,
  scheme: string,
  wantedPort?: number,
): string | undefined {
  const service = services.find(each => componentOf(each) === component && each.spec?.clusterIP !== 'None');
  const port = wantedPort ?? service?.spec?.ports?.[0]?.port;
  return service && port ? `${scheme}://${service.metadata.name}.${service.metadata.namespace}.svc:${port}` : undefined;
}
