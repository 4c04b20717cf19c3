/** The address that a `mqtt.brokerRef` stands for: the Service of an EMQX cluster's listeners, which the EMQX operator makes. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import { kinds } from '../kinds.ts';
import type { ApiClient, CallOptions } from '../runtime/client.ts';

interface Service {
  readonly spec?: { readonly ports?: readonly { readonly port: number; readonly name?: string }[] };
}

/** @throws mqtt-broker-not-ready, which is retried; what the client throws */
export async function lookUpBroker(
  client: Pick<ApiClient, 'get'>,
  document: MqttKafkaBridge,
  options: CallOptions,
): Promise<string | undefined> {
  const { brokerRef, tls } = document.spec.mqtt;
  if (brokerRef === undefined) return undefined;
  const namespace = brokerRef.namespace ?? document.metadata.namespace!;
  // https://github.com/emqx/emqx-operator: a Service with this suffix for all listeners, with a port for each.
  const name = `${brokerRef.name}-listeners`;
  const service = (await client.get(kinds.service, { namespace, name }, options)) as Service | undefined;
  const notReady = (reason: string) =>
    new MkbError('mqtt-broker-not-ready', { broker: `${namespace}/${brokerRef.name}`, reason });
  if (service === undefined) throw notReady(`there is no Service ${name}`);
  const ports = service.spec?.ports?.map(({ port }) => port) ?? [];
  if (!ports.includes(brokerRef.port)) {
    throw notReady(`the Service ${name} has no port ${brokerRef.port} (it has: ${ports.join(', ') || 'none'})`);
  }
  return `${tls ? 'mqtts' : 'mqtt'}://${name}.${namespace}.svc:${brokerRef.port}`;
}
