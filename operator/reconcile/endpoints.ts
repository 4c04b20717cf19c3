/** Where the parts of a pipeline are found: the addresses of outside, and the Services of what is run here. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { maskUrls } from '../../api/words.ts';
import { schemeOf } from '../resources/clients.ts';
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
      listenAddresses(document, services) ??
      addressOf(services, 'broker', mqtt.broker?.tls ? 'mqtts' : 'mqtt'),
    prometheus: addressOf(services, 'prometheus', 'http'),
    grafana: addressOf(services, 'grafana', 'http'),
  };
  return Object.fromEntries(Object.entries(entries).filter(([, address]) => address !== undefined)) as Record<
    string,
    string
  >;
}

/** Every port that clients connect to, with commas. */
function listenAddresses({ spec }: MqttKafkaBridge, services: readonly Service[]): string | undefined {
  const service = services.find(isForClients('bridge'));
  return (
    service &&
    spec.mqtt.listen
      ?.map(each => `${schemeOf(each)}://${hostOf(service)}:${each.port}${each.webSocket?.path ?? ''}`)
      .join(',')
  );
}

function addressOf(services: readonly Service[], component: Component, scheme: string): string | undefined {
  const service = services.find(isForClients(component));
  const port = service?.spec?.ports?.[0]?.port;
  return service && port ? `${scheme}://${hostOf(service)}:${port}` : undefined;
}

/** Not that which only gives Pods their names. */
const isForClients =
  (component: Component) =>
  (service: Service): boolean =>
    componentOf(service) === component && service.spec?.clusterIP !== 'None';

const hostOf = ({ metadata }: Service): string => `${metadata.name}.${metadata.namespace}.svc`;
