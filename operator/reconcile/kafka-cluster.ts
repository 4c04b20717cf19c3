/**
 * What a `kafka.clusterRef` stands for: the addresses and certificates that Strimzi reports of a listener, and what it has put into the
 * Secret of a user. In another namespace both the Kafka and the KafkaUser must allow it (grants.ts). https://strimzi.io/docs/operators/latest/configuring.html#type-ListenerStatus-reference
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import { kinds, strimziKinds } from '../kinds.ts';
import { annotations } from '../resources/labels.ts';
import type { KafkaCluster } from '../resources/pipeline.ts';
import type { ApiClient, CallOptions } from '../runtime/client.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import type { KubeObject } from '../runtime/object.ts';
import { isGranted, readReference } from './grants.ts';

type ClusterRef = NonNullable<MqttKafkaBridge['spec']['kafka']['clusterRef']>;

interface Listener {
  readonly name: string;
  readonly type?: string;
  readonly tls?: boolean;
  readonly bootstrapServers?: string;
  readonly certificates?: readonly string[];
}

interface Kafka {
  readonly spec?: { readonly kafka?: { readonly listeners?: readonly Listener[] } };
  readonly status?: { readonly listeners?: readonly Listener[] };
}

interface KafkaUser {
  readonly spec?: { readonly authentication?: { readonly type?: string } };
  readonly status?: { readonly username?: string; readonly secret?: string };
}

/**
 * @param strimzi the version of its API that is served; undefined when it is not there
 * @throws kafka-cluster-not-ready and reference-not-allowed, which are retried; what the client throws
 */
export async function lookUpKafka(
  client: Pick<ApiClient, 'get'>,
  document: MqttKafkaBridge,
  strimzi: string | undefined,
  options: CallOptions,
): Promise<KafkaCluster | undefined> {
  const { clusterRef } = document.spec.kafka;
  if (clusterRef === undefined) return undefined;
  const from = document.metadata.namespace!;
  const { namespace = from } = clusterRef;
  const read = (kind: ResourceKind, name: string) =>
    readReference(client, { field: 'spec.kafka.clusterRef', kind, key: { namespace, name }, from }, options);
  const notReady = (reason: string) =>
    new MkbError('kafka-cluster-not-ready', { cluster: `${namespace}/${clusterRef.name}`, reason });
  if (strimzi === undefined) throw notReady('this cluster has no API kafka.strimzi.io');
  const found = strimziKinds(strimzi);
  const kafka = await read(found.kafka, clusterRef.name);
  if (kafka === undefined) throw notReady('there is no Kafka resource of this name');
  const listener = listenerOf(kafka as Kafka & KubeObject, clusterRef, notReady);
  const base = {
    namespace,
    name: clusterRef.name,
    makesTopics: namespace === from || isGranted(kafka, annotations.allowTopicsFrom, from),
    bootstrapServers: listener.bootstrapServers!.split(','),
    ...(listener.tls && { ca: (listener.certificates ?? []).join('\n') }),
  };
  if (clusterRef.user === undefined) return base;
  const user = await read(found.kafkaUser, clusterRef.user);
  if (user === undefined) throw notReady(`there is no KafkaUser ${clusterRef.user}`);
  const secretName = (user as KafkaUser & KubeObject).status?.secret;
  const secret = secretName && (await client.get(kinds.secret, { namespace, name: secretName }, options));
  if (!secret) throw notReady(`the KafkaUser ${clusterRef.user} has no Secret yet`);
  return { ...base, user: identityOf(user, secret, notReady) };
}

/**
 * Whether the user that a document asks for may be made: its Kafka is in the namespace of the document. A user operator of another namespace may
 * watch this one as well, and would give whoever writes a document here any rights to a Kafka that is not theirs.
 */
export async function mayMakeUser(
  client: Pick<ApiClient, 'get'>,
  { metadata, spec }: MqttKafkaBridge,
  strimzi: string,
  options: CallOptions,
): Promise<boolean> {
  const { clusterRef } = spec.kafka;
  if (clusterRef?.createUser === undefined) return false;
  const key = { namespace: metadata.namespace!, name: clusterRef.name };
  return (await client.get(strimziKinds(strimzi).kafka, key, options)) !== undefined;
}

type NotReady = (reason: string) => MkbError;

/** The listener that is asked for, else the first internal one, with what is configured and what is reported of it. */
function listenerOf({ spec, status }: Kafka, { listener }: ClusterRef, notReady: NotReady): Listener {
  const configured = spec?.kafka?.listeners ?? [];
  const wanted = configured.find(({ name, type }) =>
    listener === undefined ? type === 'internal' : name === listener,
  );
  if (wanted === undefined) {
    const names = configured.map(({ name }) => name).join(', ') || 'none';
    throw notReady(
      `it has no ${listener === undefined ? 'internal listener' : `listener ${listener}`} (it has: ${names})`,
    );
  }
  const reported = status?.listeners?.find(({ name }) => name === wanted.name);
  if (!reported?.bootstrapServers) throw notReady(`its listener ${wanted.name} has no address yet`);
  return { ...wanted, ...reported, tls: wanted.tls ?? false };
}

function identityOf(user: KubeObject, secret: KubeObject, notReady: NotReady): NonNullable<KafkaCluster['user']> {
  const { spec, status } = user as KafkaUser & KubeObject;
  const data = (secret.data ?? {}) as Readonly<Record<string, string>>;
  const text = (key: string): string => {
    const value = data[key];
    if (value === undefined) throw notReady(`the Secret ${secret.metadata.name} has no key ${key}`);
    return Buffer.from(value, 'base64').toString('utf8');
  };
  const type = spec?.authentication?.type;
  if (type === 'scram-sha-512') {
    return { kind: type, username: status?.username ?? user.metadata.name, password: text('password') };
  }
  if (type === 'tls') return { kind: type, cert: text('user.crt'), key: text('user.key') };
  throw notReady(`the KafkaUser ${user.metadata.name} has no authentication that is known here (scram-sha-512, tls)`);
}
