/** The servers of a contract: where MQTT and Kafka are, without who the bridge is there. */
import type { BridgeSpec } from '../../api/bridge.ts';

interface Server {
  readonly host: string;
  readonly pathname?: string;
  readonly protocol: string;
  readonly protocolVersion?: string;
  readonly description?: string;
  readonly variables?: Readonly<Record<string, { readonly description: string }>>;
}

export type Servers = Readonly<Record<string, Server>>;

export const mqttServers = ({ mqtt }: BridgeSpec): Servers => {
  const version = mqtt.version === 'auto' ? {} : { protocolVersion: mqtt.version };
  const { broker, brokerRef, listen } = mqtt;
  if (broker !== undefined)
    return { mqtt: { ...found('mqtt', `${broker.kind}, which the operator runs`), ...version } };
  if (brokerRef !== undefined) return { mqtt: { ...found('mqtt', `the EMQX resource ${brokerRef.name}`), ...version } };
  if (listen !== undefined) return named('mqtt', listen.map(listener));
  const urls = mqtt.urls ?? [mqtt.url!];
  return named(
    'mqtt',
    urls.map(url => ({ ...atUrl(url), ...version })),
  );
};

export const kafkaServers = ({ kafka }: BridgeSpec): Servers => {
  const protocol = kafka.tls === undefined ? 'kafka' : 'kafka-secure';
  if (kafka.clusterRef !== undefined)
    return { kafka: found(protocol, `the Kafka resource ${kafka.clusterRef.name} of Strimzi`) };
  return named(
    'kafka',
    (kafka.bootstrapServers ?? []).map(host => ({ host, protocol })),
  );
};

/** The first has the plain name, the others a number. */
const named = (name: string, servers: readonly Server[]): Servers =>
  Object.fromEntries(servers.map((server, at) => [at === 0 ? name : `${name}-${at + 1}`, server]));

/** One whose address only the cluster knows. */
const found = (protocol: string, description: string): Server => ({
  host: '{host}',
  protocol,
  variables: { host: { description: `The address of ${description}.` } },
});

type Listener = NonNullable<BridgeSpec['mqtt']['listen']>[number];

const listener = ({ port, tls, webSocket }: Listener): Server => ({
  host: `{host}:${port}`,
  ...(webSocket && { pathname: webSocket.path }),
  protocol: webSocket ? `ws${tls ? 's' : ''}` : `mqtt${tls ? 's' : ''}`,
  description: 'The bridge itself is the MQTT server.',
  variables: { host: { description: 'The address of the bridge.' } },
});

/** A query or a fragment is often a token, and a part of a path may be one: those that look so are left out. */
const atUrl = (url: string): Server => {
  const [, protocol, host, pathname] = /^(\w+):\/\/([^/?#]+)([^?#]*)/.exec(url)!;
  const shown = pathname!.replace(/[^/]+/g, part =>
    /[=;,@:]/.test(part) || /^(?=.*\d).{8}/.test(part) ? '***' : part,
  );
  return { host: escaped(host!), ...(shown !== '' && { pathname: escaped(shown) }), protocol: protocol! };
};

/** Braces would be variables. */
const escaped = (text: string): string => text.replaceAll('{', '%7B').replaceAll('}', '%7D');
