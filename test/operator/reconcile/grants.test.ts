// Whoever could write a document in their own namespace got the password of any KafkaUser of the cluster copied there, and made topics beside any Kafka.
import { describe, expect, it } from 'vitest';
import { lookUpBroker } from '../../../operator/reconcile/broker-url.ts';
import { isGranted } from '../../../operator/reconcile/grants.ts';
import { lookUpKafka } from '../../../operator/reconcile/kafka-cluster.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject, ObjectKey } from '../../../operator/runtime/object.ts';
import { documentIn } from '../support/resources.ts';

const listener = { name: 'plain', port: 9092, type: 'internal', tls: false };
const all: Record<string, object> = {
  Kafka: {
    spec: { kafka: { listeners: [listener] } },
    status: { listeners: [{ name: 'plain', bootstrapServers: 'prod:9092' }] },
  },
  KafkaUser: { spec: { authentication: { type: 'scram-sha-512' } }, status: { username: 'cars', secret: 'cars' } },
  Secret: { data: { password: Buffer.from('pass').toString('base64') } },
  Service: { spec: { ports: [{ port: 1883 }] } },
};

/** Every object exists in every namespace, with these annotations by its kind. Counts what is read. */
function clusterWith(annotations: Record<string, Record<string, string>>, read: string[] = []) {
  return {
    get: async ({ kind }: ResourceKind, key: ObjectKey) => {
      read.push(kind);
      const metadata = { ...key, annotations: annotations[kind] };
      return { apiVersion: '', kind, metadata, ...all[kind] } as KubeObject;
    },
  };
}

const allow = (list: string) => ({ 'mqttkafka.dev/allow-from': list });
const document = documentIn({ kafka: { clusterRef: { name: 'prod', namespace: 'kafka', user: 'cars' } } });
const code = 'reference-not-allowed';

describe('a Kafka and its user in another namespace', () => {
  it.each([
    ['nothing is annotated', {}],
    ['only the Kafka is shared', { Kafka: allow('shop') }],
    ['only the user is shared', { KafkaUser: allow('shop') }],
    ['another namespace is meant', { Kafka: allow('shop'), KafkaUser: allow('default') }],
    ['a name begins alike', { Kafka: allow('shop'), KafkaUser: allow('shop-2, sho') }],
    ['a wildcard stands there', { Kafka: allow('shop'), KafkaUser: allow('*') }],
    ['the list is empty', { Kafka: allow('shop'), KafkaUser: allow(',') }],
    ['only topics are allowed', { Kafka: { 'mqttkafka.dev/allow-topics-from': 'shop' } }],
  ])('are not used while %s', async (_, annotations) => {
    const read: string[] = [];
    await expect(lookUpKafka(clusterWith(annotations, read), document, 'v1', {})).rejects.toMatchObject({ code });
    expect(read).not.toContain('Secret');
  });

  it('are used when both name the namespace', async () => {
    const shared = clusterWith({ Kafka: allow('default, shop'), KafkaUser: allow('shop') });
    expect(await lookUpKafka(shared, document, 'v1', {})).toMatchObject({ user: { password: 'pass' } });
  });

  it('get no KafkaTopics made beside them unless the Kafka allows that too', async () => {
    const user = allow('shop');
    const topics = { ...allow('shop'), 'mqttkafka.dev/allow-topics-from': 'shop' };
    const made = async (Kafka: Record<string, string>) =>
      (await lookUpKafka(clusterWith({ Kafka, KafkaUser: user }), document, 'v1', {}))?.makesTopics;
    expect(await made(user)).toBe(false);
    expect(await made(topics)).toBe(true);
  });

  it('need no annotation in the namespace of the document', async () => {
    const own = documentIn({ kafka: { clusterRef: { name: 'prod', namespace: 'shop', user: 'cars' } } });
    expect(await lookUpKafka(clusterWith({}), own, 'v1', {})).toMatchObject({ makesTopics: true });
  });
});

describe('an EMQX cluster in another namespace', () => {
  const brokerRef = documentIn({ mqtt: { brokerRef: { name: 'emqx', namespace: 'mq' } } });

  it('is not used while its Service is not shared', async () => {
    await expect(lookUpBroker(clusterWith({}), brokerRef, {})).rejects.toMatchObject({ code });
  });

  it('is used when it is', async () => {
    const shared = clusterWith({ Service: allow('shop') });
    expect(await lookUpBroker(shared, brokerRef, {})).toBe('mqtt://emqx-listeners.mq.svc:1883');
  });
});

it('an object that is not there is answered as one that is not shared', async () => {
  const nothing: ReturnType<typeof clusterWith> = { get: async () => undefined as unknown as KubeObject };
  const message = async (cluster: typeof nothing) =>
    lookUpKafka(cluster, document, 'v1', {}).catch((error: Error) => error.message);
  expect(await message(nothing)).toBe(await message(clusterWith({})));
});

it('a list of namespaces may have spaces', () => {
  const object = { metadata: { name: 'x', annotations: { a: ' one ,two' } } } as unknown as KubeObject;
  expect(['one', 'two', 'three', ''].map(name => isGranted(object, 'a', name))).toEqual([true, true, false, false]);
});
