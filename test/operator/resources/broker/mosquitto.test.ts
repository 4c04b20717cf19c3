import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runningDocument } from '../../../../operator/resources/bridge-document.ts';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { documentSecret } from '../../../../operator/resources/document-secrets.ts';
import { inputsHash } from '../../../../operator/resources/labels.ts';
import { manifestsOf, objectOf } from '../../support/pipelines.ts';
import { pipelineWith, textsOf } from './support.ts';

const broker = { kind: 'mosquitto' };

const users = [
  { username: 'sensor', password: { value: 'cold' } },
  { username: 'lorry 7', password: { valueFrom: { secretKeyRef: { name: 'lorries', key: 'seven' } } } },
  { username: 'van', password: { valueFrom: { env: 'VAN_PASSWORD' } } },
  { username: 'bike', password: { valueFrom: { file: '/vault/bike' } } },
];

const everything = {
  ...broker,
  users,
  tls: { secretName: 'cars-tls' },
  storage: '2GiB',
  service: { type: 'LoadBalancer', annotations: { 'example.com/internal': 'true' } },
  image: 'registry.example.com/mosquitto:2',
  resources: { limits: { memory: '1Gi' } },
  podTemplate: {
    spec: { nodeSelector: { disk: 'fast' }, containers: [{ name: 'broker', env: [{ name: 'A', value: 'b' }] }] },
  },
};

const objectsOf = (...[spec, more]: Parameters<typeof pipelineWith>) => {
  const pipeline = pipelineWith(spec, more);
  return brokerObjects(pipeline, documentSecret(pipeline));
};

const hashOf = (objects: ReturnType<typeof objectsOf>) =>
  objectOf(objects, 'StatefulSet').spec.template.metadata.annotations[inputsHash];

describe('the objects of a managed Mosquitto', () => {
  test('are these for the shortest document', async () => {
    await expect(manifestsOf(objectsOf(broker))).toMatchFileSnapshot('snapshots/mosquitto.yaml');
  });

  test('are these when the document says everything', async () => {
    await expect(manifestsOf(objectsOf(everything))).toMatchFileSnapshot('snapshots/mosquitto-everything.yaml');
  });

  test('are none without a managed broker', () => {
    const pipeline = pipelineWith(broker);
    const { broker: _, ...mqtt } = pipeline.document.spec.mqtt;
    const document = { ...pipeline.document, spec: { ...pipeline.document.spec, mqtt: { ...mqtt, url: 'mqtt://a' } } };
    expect(brokerObjects({ ...pipeline, document }, [])).toEqual([]);
  });

  test('keep the passwords that were made up before', () => {
    const before = textsOf(objectOf(objectsOf(broker), 'Secret'));
    const pipeline = { observed: { secrets: { 'cars-broker-user': { ...before, password: 'older' } } } };
    const after = textsOf(objectOf(objectsOf(broker, pipeline), 'Secret'));
    expect(after).toEqual({ ...before, password: 'older' });
  });

  test('hold no password of people outside a Secret', () => {
    const others = objectsOf(everything).filter(({ kind }) => kind !== 'Secret');
    expect(stringify(others)).not.toContain('cold');
  });

  test('give the port that is not encrypted to our own Pods alone when there is TLS', () => {
    const objects = objectsOf({ ...broker, tls: { secretName: 'cars-tls' } });
    expect(objectOf(objects, 'Service', 'cars-broker').spec.ports.map(({ port }: { port: number }) => port)).toEqual([
      8883,
    ]);
    const [mqtt, mqtts] = objectOf(objects, 'NetworkPolicy').spec.ingress;
    expect(mqtt.ports[0].port).toBe(1883);
    expect(mqtt.from.map(component)).toEqual(['bridge', 'drain', 'exporter']);
    expect(mqtts).toEqual({ ports: [{ port: 8883, protocol: 'TCP' }] });
  });

  test('are found by the bridge where its document says, with and without TLS', () => {
    for (const tls of [undefined, { secretName: 'cars-tls' }]) {
      const pipeline = pipelineWith({ ...broker, ...(tls && { tls }) });
      const { hostname, port } = new URL(runningDocument(pipeline).spec.mqtt.url!);
      const { spec } = objectOf(brokerObjects(pipeline, []), 'Service', hostname);
      expect(spec.ports.map((each: { port: number }) => `${each.port}`)).toContain(port);
    }
  });
});

describe('a managed Mosquitto is rolled when', () => {
  const same = hashOf(objectsOf(everything));

  test('nothing changes: never', () => {
    expect(hashOf(objectsOf(everything))).toBe(same);
  });

  test('a password in the document changes', () => {
    const [first, ...rest] = users;
    const changed = { ...everything, users: [{ ...first, password: { value: 'warm' } }, ...rest] };
    expect(hashOf(objectsOf(changed))).not.toBe(same);
  });

  test("a Secret of people's that holds a password, or the certificate, changes", () => {
    for (const name of ['Secret/lorries', 'Secret/cars-tls'])
      expect(hashOf(objectsOf(everything, { observed: { inputs: { [name]: 'new' } } }))).not.toBe(same);
  });

  test('its configuration changes', () => {
    expect(hashOf(objectsOf({ ...everything, anonymous: true }))).not.toBe(same);
  });
});

test('sessions of clients that are away outlast those of the bridge', () => {
  const conf = (sessionExpiry: string) =>
    objectOf(objectsOf(broker, { mqtt: { sessionExpiry } }), 'ConfigMap').data['mosquitto.conf'];
  expect(conf('24h')).toContain('persistent_client_expiration 168h');
  expect(conf('30d')).toContain('persistent_client_expiration 720h');
});

const component = ({ podSelector }: { podSelector: { matchLabels: Record<string, string> } }) =>
  podSelector.matchLabels['app.kubernetes.io/component'];
