/** What a platform team decides once for all bridges of a cluster. */
import { describe, expect, it } from 'vitest';
import { loadConfigurationText } from '../../../operator/configuration.ts';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import type { OperatorSettings } from '../../../operator/settings.ts';
import { objectOf, pipelineOf } from '../support/pipelines.ts';

type Spec = Parameters<typeof pipelineOf>[0];

const load = (spec: object) =>
  loadConfigurationText(
    JSON.stringify({ apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaOperator', spec }),
    'operator.yaml',
  );
const settingsOf = (spec: object): OperatorSettings => {
  const { document, problems } = load(spec);
  expect(problems).toEqual([]);
  return document!.spec;
};
const everything = {
  mqtt: { broker: { kind: 'mosquitto' }, share: 'g' },
  monitoring: { exporter: {}, prometheus: {}, grafana: {} },
};
// biome-ignore lint/suspicious/noExplicitAny: any field of any kind
const templates = (objects: readonly KubeObject[]): any[] =>
  objects.flatMap(({ spec }) => (spec as { template?: object } | undefined)?.template ?? []);
const objectsOf = (configuration: object, spec: Spec = everything, observed = {}) =>
  desiredObjects(pipelineOf(spec, { settings: settingsOf(configuration), observed: { sessions: 2, ...observed } }));

describe('the defaults of all bridges', () => {
  // Behind a mirror each document had to name six images and a pull secret for each of its five parts.
  it('bring every image from a mirror, with a secret to pull it', () => {
    const made = templates(objectsOf({ defaults: { registry: 'mirror.example/hub', imagePullSecrets: ['mirror'] } }));
    const images = made.flatMap(({ spec }) =>
      [...spec.containers, ...(spec.initContainers ?? [])].map(({ image }: { image: string }) => image),
    );
    expect(made).toHaveLength(6);
    expect(images.filter(image => !image.startsWith('mirror.example/hub/'))).toEqual([]);
    for (const { spec } of made) expect(spec.imagePullSecrets).toEqual([{ name: 'mirror' }]);
  });

  it.each([
    ['mkb:1', 'mirror.example:5000/hub/mkb:1'],
    ['mkb@sha256:0123', 'mirror.example:5000/hub/mkb@sha256:0123'],
    ['prom/prometheus:v3', 'mirror.example:5000/hub/prom/prometheus:v3'],
    ['quay.io/prom/prometheus:v3', 'quay.io/prom/prometheus:v3'],
    ['localhost/mkb:1', 'localhost/mkb:1'],
    ['registry:5000/mkb:1@sha256:0123', 'registry:5000/mkb:1@sha256:0123'],
  ])('pull %s as %s', (bridge, pulled) => {
    const made = objectsOf({ images: { bridge }, defaults: { registry: 'mirror.example:5000/hub' } });
    expect(objectOf(made, 'StatefulSet', 'cars-bridge').spec.template.spec.containers[0].image).toBe(pulled);
  });

  it('leave alone an image that a document names, and one that runs already', () => {
    const defaults = { registry: 'mirror.example' };
    const imageOf = (spec: Spec, observed = {}) =>
      objectOf(objectsOf({ defaults }, spec, observed), 'StatefulSet', 'cars-bridge').spec.template.spec.containers[0]
        .image;
    expect(imageOf({ bridge: { image: 'mkb@sha256:4567' } })).toBe('mkb@sha256:4567');
    expect(imageOf({}, { images: { bridge: 'mkb:before' } })).toBe('mkb:before');
  });

  it('are under what a document says: resources, Pods, labels', () => {
    const configuration = {
      defaults: {
        metadata: { labels: { team: 'platform', zone: 'a' } },
        podTemplate: { spec: { priorityClassName: 'middle', nodeSelector: { pool: 'iot' } } },
        resources: { bridge: { requests: { cpu: '2' } }, grafana: { requests: { cpu: '3' } } },
      },
    };
    const made = objectsOf(configuration, {
      ...everything,
      metadata: { labels: { team: 'cars' } },
      bridge: { podTemplate: { spec: { priorityClassName: 'high' } } },
    });
    const bridge = objectOf(made, 'StatefulSet', 'cars-bridge').spec.template;
    const grafana = objectOf(made, 'Deployment', 'cars-grafana').spec.template;
    const exporter = objectOf(made, 'Deployment', 'cars-exporter').spec.template;
    expect(bridge.spec).toMatchObject({ priorityClassName: 'high', nodeSelector: { pool: 'iot' } });
    expect(grafana.spec).toMatchObject({ priorityClassName: 'middle', nodeSelector: { pool: 'iot' } });
    expect(bridge.metadata.labels).toMatchObject({ team: 'cars', zone: 'a' });
    expect(bridge.spec.containers[0].resources).toEqual({ requests: { cpu: '2' } });
    expect(grafana.spec.containers[0].resources).toEqual({ requests: { cpu: '3' } });
    expect(exporter.spec.containers[0].resources.requests).toMatchObject({ memory: '96Mi' });
  });

  it.each([
    ['a registry that is none', { registry: 'https://mirror.example' }, 'spec.defaults.registry'],
    ['a label that the operator finds Pods by', { metadata: { labels: { 'app.kubernetes.io/name': 'x' } } }, 'name'],
    [
      'a Secret that every namespace would need',
      { podTemplate: { spec: { volumes: [{ name: 'a', secret: { secretName: 'ca' } }] } } },
      'Secret ca',
    ],
  ])('are never %s', (_, defaults, words) => {
    const told = load({ defaults }).problems.map(({ path, message }) => `${path}: ${message}`);
    expect(told.join('\n')).toContain(words);
  });
});
