/** The address that a `mqtt.brokerRef` stands for: the Service of an EMQX cluster's listeners, which the EMQX operator makes. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import { kinds } from '../kinds.ts';
import type { ApiClient, CallOptions } from '../runtime/client.ts';
import { readReference } from './grants.ts';

interface Service {
  readonly spec?: { readonly ports?: readonly { readonly port: number; readonly name?: string }[] };
}

/** @throws mqtt-broker-not-ready and reference-not-allowed, which are retried; what the client throws */
export async function lookUpBroker(
  client: Pick<ApiClient, 'get'>,
  document: MqttKafkaBridge,
  options: CallOptions,
): Promise<string | undefined> {
  const { brokerRef, tls } = document.spec.mqtt;
  if (brokerRef === undefined) return undefined;
  const from = document.metadata.namespace!;
  const { namespace = from } = brokerRef;
  // https://github.com/emqx/emqx-operator: a Service with this suffix for all listeners, with a port for each.
  const name = `${brokerRef.name}-listeners`;
  const reference = { field: 'spec.mqtt.brokerRef', kind: kinds.service, key: { namespace, name }, from };
  const service = (await readReference(client, reference, options)) as Service | undefined;
  const notReady = (reason: string) =>
    new MkbError('mqtt-broker-not-ready', { broker: `${namespace}/${brokerRef.name}`, reason });
  if (service === undefined) throw notReady(`there is no Service ${name}`);
  const ports = service.spec?.ports?.map(({ port }) => port) ?? [];
  if (!ports.includes(brokerRef.port)) {
    throw notReady(`the Service ${name} has no port ${brokerRef.port} (it has: ${ports.join(', ') || 'none'})`);
  }
  return `${tls ? 'mqtts' : 'mqtt'}://${name}.${namespace}.svc:${brokerRef.port}`;
}
