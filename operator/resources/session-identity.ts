/**
 * Which MQTT sessions a bridge has: at which broker, under which client ids, and in which group. A document that names others leaves those
 * that there were behind, with messages in them.
 *
 * What only a lookup tells is not part of it: a broker of the cluster is known by its resource, whatever its address or port. So it follows from
 * the document alone, and holds no secret.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { durationMs } from '../../api/units.ts';
import { sourcesOf } from '../../rules/sources.ts';

export interface SessionIdentity {
  /** Every address of the broker. */
  readonly broker: readonly string[];
  /** The kind of a broker that the operator runs beside the bridge; it goes when the document or the bridge goes. */
  readonly managed?: string;
  readonly clientId: string;
  /** The group of the shared subscriptions; with one, each replica has a session of its own. */
  readonly share?: string;
}

/** Undefined where nothing outlives a connection, neither a session nor a buffer on disk, or clients connect to the bridge itself. */
export function sessionIdentity({ metadata, spec }: MqttKafkaBridge): SessionIdentity | undefined {
  const { url, urls, broker, brokerRef, clientId, share } = spec.mqtt;
  if (!keepsSessions(spec)) return undefined;
  const addresses = () => {
    if (broker) return [`${broker.kind} ${metadata.name}`];
    if (brokerRef) return [`emqx ${brokerRef.namespace ?? metadata.namespace}/${brokerRef.name}`];
    return (urls ?? [url!]).map(address);
  };
  return {
    broker: addresses(),
    ...(broker && { managed: broker.kind }),
    clientId,
    ...(share !== undefined && { share }),
  };
}

/** A broker that speaks 3.1.1 does not hear how long it is to keep a session. */
const keepsSessions = ({ mqtt, delivery }: MqttKafkaBridge['spec']): boolean =>
  mqtt.listen === undefined &&
  (mqtt.version === '3.1.1' || durationMs(mqtt.sessionExpiry) > 0 || delivery.buffer.mode === 'disk');

const usualPorts: Readonly<Record<string, string>> = { mqtt: '1883', mqtts: '8883', ws: '80', wss: '443' };

/** The same for every way to write it. */
function address(url: string): string {
  const [, scheme = '', host = '', port, path = ''] =
    /^([a-z]+):\/\/(\[[^\]]*\]|[^/:]*)(?::0*(\d+))?(\/.*)?$/i.exec(url) ?? [];
  return `${scheme}://${host.toLowerCase()}:${port ?? usualPorts[scheme]}${path === '/' ? '' : path}`;
}

/** The client id of a replica's session. */
export const sessionClientId = ({ clientId, share }: SessionIdentity, ordinal: number): string =>
  share === undefined ? clientId : `${clientId}-${ordinal}`;

/** Whether a session of this client id belongs to one of the replicas, however many there are. */
const isSessionOf = ({ clientId, share }: SessionIdentity, id: string): boolean =>
  share === undefined
    ? id === clientId
    : id.startsWith(`${clientId}-`) && /^(0|[1-9]\d*)$/.test(id.slice(clientId.length + 1));

const isSameBroker = (old: SessionIdentity, now: SessionIdentity): boolean =>
  old.managed === now.managed && old.broker.some(each => now.broker.includes(each));

/** Whether the bridge goes on with the sessions that it had. */
export const isSameSession = (old: SessionIdentity, now: SessionIdentity): boolean =>
  isSameBroker(old, now) && old.clientId === now.clientId && (old.share === undefined) === (now.share === undefined);

/** Of the first `count` sessions that there were, those that no replica takes up. */
export const leftOrdinals = (old: SessionIdentity, now: SessionIdentity | undefined, count: number): number[] =>
  Array.from({ length: old.share === undefined ? 1 : count }, (_, ordinal) => ordinal).filter(
    ordinal => !now || !isSameBroker(old, now) || !isSessionOf(now, sessionClientId(old, ordinal)),
  );

/** What may be the same broker under another name: two clients of one id would have one session there. */
export const mayBeSameBroker = (old: SessionIdentity, now: SessionIdentity): boolean =>
  old.managed === undefined &&
  now.managed === undefined &&
  !isSameBroker(old, now) &&
  isSessionOf(now, sessionClientId(old, 0));

/** What a document subscribes to, as it is subscribed. */
export function subscribedFilters({ spec }: Pick<MqttKafkaBridge, 'spec'>): string[] {
  const sources = spec.rules.flatMap(({ sql }) => sourcesOf(sql));
  const filters = sources.flatMap(source => (source.kind === 'mqtt' ? [source.filter] : []));
  const { share } = spec.mqtt;
  return [...new Set(filters)].map(filter => (share === undefined ? filter : `$share/${share}/${filter}`));
}

/** The Kafka topics that a document reads. */
export const readTopics = ({ spec }: Pick<MqttKafkaBridge, 'spec'>): string[] => {
  const sources = spec.rules.flatMap(({ sql }) => sourcesOf(sql));
  return [...new Set(sources.flatMap(source => (source.kind === 'kafka' ? [source.topic] : [])))];
};
