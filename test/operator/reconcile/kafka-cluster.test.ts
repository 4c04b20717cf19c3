import { describe, expect, it } from 'vitest';
import { lookUpBroker } from '../../../operator/reconcile/broker-url.ts';
import { lookUpKafka } from '../../../operator/reconcile/kafka-cluster.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject, ObjectKey } from '../../../operator/runtime/object.ts';
import { documentIn } from '../support/resources.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const listeners = [
  { name: 'outside', port: 9094, type: 'nodeport', tls: true },
  { name: 'plain', port: 9092, type: 'internal', tls: false },
  { name: 'tls', port: 9093, type: 'internal', tls: true },
];
const reported = [
  { name: 'plain', bootstrapServers: 'prod-kafka-bootstrap.kafka.svc:9092' },
  { name: 'tls', bootstrapServers: 'prod-kafka-bootstrap.kafka.svc:9093', certificates: ['CA 1', 'CA 2'] },
];

/** A cluster that has these objects, by kind and key; all are shared with `shop`. */
const clusterOf = (objects: Record<string, object>) => ({
  get: async ({ kind }: ResourceKind, { namespace, name }: ObjectKey) => {
    const found = objects[`${kind} ${namespace}/${name}`];
    const metadata = { name, namespace, annotations: { 'mqttkafka.dev/allow-from': 'shop' } };
    return found && ({ apiVersion: '', kind, metadata, ...found } as KubeObject);
  },
});

const strimzi = {
  'Kafka kafka/prod': { spec: { kafka: { listeners } }, status: { listeners: reported } },
  'KafkaUser kafka/cars': {
    spec: { authentication: { type: 'scram-sha-512' } },
    status: { username: 'cars', secret: 'cars' },
  },
  'Secret kafka/cars': { data: { password: base64('pass') } },
};

/** The same in the namespace of the document. */
const own = Object.fromEntries(Object.entries(strimzi).map(([key, value]) => [key.replace('kafka/', 'shop/'), value]));

const lookUp = (clusterRef: object, objects: Record<string, object> = strimzi, version: string | undefined = 'v1') =>
  lookUpKafka(
    clusterOf(objects),
    documentIn({ kafka: { clusterRef: { name: 'prod', namespace: 'kafka', ...clusterRef } } }),
    version,
    {},
  );

describe('a clusterRef', () => {
  it('is the first internal listener, with what Strimzi reports of it', async () => {
    expect(await lookUp({})).toEqual({
      namespace: 'kafka',
      name: 'prod',
      makesTopics: false,
      bootstrapServers: ['prod-kafka-bootstrap.kafka.svc:9092'],
    });
  });

  it('is the listener that is named, with its certificates and the user', async () => {
    expect(await lookUp({ listener: 'tls', user: 'cars' })).toMatchObject({
      bootstrapServers: ['prod-kafka-bootstrap.kafka.svc:9093'],
      ca: 'CA 1\nCA 2',
      user: { kind: 'scram-sha-512', username: 'cars', password: 'pass' },
    });
  });

  it('takes the certificate of a user who has one', async () => {
    const user = { spec: { authentication: { type: 'tls' } }, status: { username: 'CN=cars', secret: 'cars' } };
    const secret = { data: { 'user.crt': base64('CERT'), 'user.key': base64('KEY') } };
    const objects = { ...strimzi, 'KafkaUser kafka/cars': user, 'Secret kafka/cars': secret };
    expect(await lookUp({ listener: 'tls', user: 'cars' }, objects)).toMatchObject({
      user: { kind: 'tls', cert: 'CERT', key: 'KEY' },
    });
  });

  it.each([
    ['no API kafka.strimzi.io', {}, strimzi, ''],
    ['no Kafka resource of this name', { namespace: 'shop' }, {}, 'v1'],
    ['no listener other (it has: outside, plain, tls)', { listener: 'other' }, strimzi, 'v1'],
    ['listener outside has no address yet', { listener: 'outside' }, strimzi, 'v1'],
    ['no KafkaUser nobody', { namespace: 'shop', user: 'nobody' }, own, 'v1'],
  ])('is not ready when there is %s', async (reason, clusterRef, objects, version) => {
    const error = { code: 'kafka-cluster-not-ready', kind: 'retryable', message: expect.stringContaining(reason) };
    const document = documentIn({ kafka: { clusterRef: { name: 'prod', namespace: 'kafka', ...clusterRef } } });
    await expect(lookUpKafka(clusterOf(objects), document, version || undefined, {})).rejects.toMatchObject(error);
  });
});

describe('a brokerRef', () => {
  const document = documentIn({ mqtt: { brokerRef: { name: 'emqx', namespace: 'mq' } } });

  it("is the Service of the EMQX cluster's listeners", async () => {
    const service = { spec: { ports: [{ port: 1883 }] } };
    const cluster = clusterOf({ 'Service mq/emqx-listeners': service });
    expect(await lookUpBroker(cluster, document, {})).toBe('mqtt://emqx-listeners.mq.svc:1883');
  });

  it('is not ready without that Service, or without its port', async () => {
    const code = 'mqtt-broker-not-ready';
    const here = documentIn({ mqtt: { brokerRef: { name: 'emqx' } } });
    await expect(lookUpBroker(clusterOf({}), here, {})).rejects.toMatchObject({ code });
    const other = clusterOf({ 'Service mq/emqx-listeners': { spec: { ports: [{ port: 8883 }] } } });
    await expect(lookUpBroker(other, document, {})).rejects.toMatchObject({ code });
  });
});
