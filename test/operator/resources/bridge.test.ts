import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { registerMetrics } from '../../../bridge/observe/metrics.ts';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import { inputsHash } from '../../../operator/resources/labels.ts';
import { manifestsOf, objectOf, type PipelineParts, pipelineOf } from '../support/pipelines.ts';

type Spec = Parameters<typeof pipelineOf>[0];

const objectsOf = (spec?: Spec, parts?: PipelineParts) => desiredObjects(pipelineOf(spec, parts));
const statefulSet = (spec?: Spec, parts?: PipelineParts) =>
  objectOf(objectsOf(spec, parts), 'StatefulSet', 'cars-bridge');
const hashOf = (spec?: Spec, parts?: PipelineParts) =>
  statefulSet(spec, parts).spec.template.metadata.annotations[inputsHash];
const containerOf = (spec?: Spec, parts?: PipelineParts) => statefulSet(spec, parts).spec.template.spec.containers[0];

const mqtt = { url: 'mqtt://a', share: 'g' };
const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };

describe('the objects of a bridge', () => {
  it('are these, for the smallest document', async () => {
    await expect(manifestsOf(objectsOf())).toMatchFileSnapshot('snapshots/smallest.yaml');
  });

  it('are these, for a large one', async () => {
    const spec = {
      mqtt: { url: 'mqtts://a', share: 'g', auth: { username: 'me', password }, tls: { ca: { value: 'PEM' } } },
      kafka: { clusterRef: { name: 'events', user: 'me' }, topics: [{ name: 'Cars_all', partitions: 3, replicas: 3 }] },
      delivery: { shutdownTimeout: '1m', buffer: { maxBytes: '128MiB' } },
      bridge: { replicas: 3, autoscaling: { maxReplicas: 5, cpu: 80, backlog: 1000 } },
    };
    const kafka = {
      name: 'events',
      namespace: 'kafka',
      bootstrapServers: ['events:9093'],
      makesTopics: true,
      ca: 'PEM',
      user: { kind: 'scram-sha-512', username: 'me', password: 'p' } as const,
    };
    const observed = {
      kafka,
      apis: { prometheusOperator: false, routes: [], strimzi: 'v1' },
      sessions: 4,
      inputs: { 'Secret/mqtt': 'h' },
    };
    await expect(manifestsOf(objectsOf(spec, { observed }))).toMatchFileSnapshot('snapshots/large.yaml');
  });

  it('belong to it, and go with it', () => {
    for (const { metadata } of objectsOf({ mqtt, bridge: { autoscaling: { maxReplicas: 2, cpu: 50 } } })) {
      expect(metadata.ownerReferences).toEqual([expect.objectContaining({ uid: 'uid-cars', controller: true })]);
      expect(metadata.namespace).toBe('shop');
    }
  });

  it('can be made without a cluster, where nothing can own them', () => {
    const { document, ...pipeline } = pipelineOf();
    const objects = desiredObjects({ ...pipeline, document: { ...document, metadata: { name: 'cars' } } });
    for (const { metadata } of objects) {
      expect(metadata).not.toHaveProperty('ownerReferences');
      expect(metadata).not.toHaveProperty('namespace');
    }
  });
});

describe('the Pods of a bridge', () => {
  it('are rolled by what they read, and by being told to', () => {
    const spec = { mqtt: { ...mqtt, auth: { username: 'me', password } } };
    const inputs = (hash: string) => ({ observed: { inputs: { 'Secret/mqtt': hash } } });
    const before = hashOf(spec, inputs('a'));
    expect(hashOf(spec, inputs('b'))).not.toBe(before);
    expect(hashOf({ mqtt: { ...spec.mqtt, keepAlive: '7s' } }, inputs('a'))).not.toBe(before);
    const annotations = { 'mqttkafka.dev/restarted-at': 'now' };
    expect(hashOf(spec, { ...inputs('a'), annotations })).not.toBe(before);
    expect(hashOf(spec, inputs('a'))).toBe(before);
  });

  it('are rolled by a secret that the document holds itself', () => {
    const spec = (value: string) => ({ mqtt: { ...mqtt, auth: { username: 'me', password: { value } } } });
    expect(hashOf(spec('a'))).not.toBe(hashOf(spec('b')));
  });

  it('are not rolled by their number, their labels, what monitors them, or Secrets that others read', () => {
    const before = hashOf({ mqtt });
    expect(hashOf({ mqtt, bridge: { replicas: 9 } })).toBe(before);
    expect(hashOf({ mqtt, monitoring: { prometheus: {} } }, { observed: { inputs: { 'Secret/other': 'x' } } })).toBe(
      before,
    );
  });

  it('read each Secret in a folder of its name, and of it only the keys that the document names', () => {
    const tls = { ca: { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'ca.crt' } } } };
    const { volumes, containers } = statefulSet({ mqtt: { url: 'mqtts://a', auth: { username: 'me', password }, tls } })
      .spec.template.spec;
    expect(volumes[1].secret).toMatchObject({
      secretName: 'mqtt',
      items: [
        { key: 'ca.crt', path: 'ca.crt' },
        { key: 'password', path: 'password' },
      ],
    });
    expect(containers[0].volumeMounts[1]).toEqual({
      name: 'secret-0',
      mountPath: '/run/mkb/secrets/mqtt',
      readOnly: true,
    });
    expect(containers[0].args).toEqual(expect.arrayContaining(['--secrets-dir', '/run/mkb/secrets']));
  });

  it('have the memory that the buffer may take', () => {
    expect(containerOf().resources).toEqual({
      requests: { cpu: '100m', memory: '192Mi' },
      limits: { memory: '512Mi' },
    });
    const resources = { limits: { memory: '1Gi' } };
    expect(containerOf({ bridge: { resources } }).resources).toEqual(resources);
  });

  it('may take as long to end as delivering may take', () => {
    const { template } = statefulSet({ delivery: { shutdownTimeout: '90s' } }).spec;
    expect(template.spec.terminationGracePeriodSeconds).toBe(95);
  });

  it('are as people want them, but for the labels they are found by', () => {
    const podTemplate = {
      metadata: { labels: { team: 'a', 'app.kubernetes.io/instance': 'other' }, annotations: { b: 'c' } },
      spec: { priorityClassName: 'high', containers: [{ name: 'bridge', env: [{ name: 'A', value: '1' }] }] },
    };
    const { metadata, spec } = statefulSet({ bridge: { podTemplate } }).spec.template;
    expect(metadata.labels).toMatchObject({ team: 'a', 'app.kubernetes.io/instance': 'cars' });
    expect(metadata.annotations).toMatchObject({ b: 'c', [inputsHash]: expect.any(String) });
    expect(spec.priorityClassName).toBe('high');
    expect(spec.containers[0].env.map(({ name }: { name: string }) => name)).toEqual(['MKB_WATCH', 'ORDINAL', 'A']);
  });
});

describe('an autoscaler', () => {
  const bridge = { autoscaling: { maxReplicas: 5, cpu: 80, backlog: 1000 } };

  it('scales the resource by what the document names', () => {
    const { spec } = objectOf(objectsOf({ mqtt, bridge }), 'HorizontalPodAutoscaler');
    expect(spec.scaleTargetRef).toEqual({
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      name: 'cars',
    });
    expect(spec.metrics.map(({ type }: { type: string }) => type)).toEqual(['Resource', 'Pods']);
  });

  it('asks for a metric that the bridge has', () => {
    const { spec } = objectOf(objectsOf({ mqtt, bridge }), 'HorizontalPodAutoscaler');
    const registry = new Registry();
    registerMetrics(registry, () => []);
    expect(registry.getSingleMetric(spec.metrics[1].pods.metric.name)).toBeDefined();
  });
});

describe('the image of a bridge', () => {
  const images = { ...pipelineOf().settings.images, bridge: 'mkb:new' };
  const imageOf = (spec: Spec, parts: PipelineParts = {}) =>
    containerOf(spec, { ...parts, settings: { images, ...parts.settings } }).image;
  const made = { observed: { images: { bridge: 'mkb:old' } } };

  it('is the newest default when it is made', () => {
    expect(imageOf({})).toBe('mkb:new');
  });

  it('stays as it was made when the operator has another default', () => {
    expect(imageOf({}, made)).toBe('mkb:old');
  });

  it('follows the default when it is told to, by the operator or for this bridge', () => {
    expect(imageOf({}, { ...made, settings: { imageUpdates: 'follow' } })).toBe('mkb:new');
    const follow = { annotations: { 'mqttkafka.dev/image-updates': 'follow' } };
    expect(imageOf({}, { ...made, ...follow })).toBe('mkb:new');
    const keep = { annotations: { 'mqttkafka.dev/image-updates': 'keep' } };
    expect(imageOf({}, { ...made, ...keep, settings: { imageUpdates: 'follow' } })).toBe('mkb:old');
  });

  it('is what the document names, and the default again when it names none', () => {
    const named = statefulSet({ bridge: { image: 'mine:1' } }, made);
    expect(named.spec.template.spec.containers[0].image).toBe('mine:1');
    expect(named.metadata.annotations).toEqual({ 'mqttkafka.dev/default-image': 'mkb:old' });
  });
});
