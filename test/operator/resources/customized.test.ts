import { describe, expect, it } from 'vitest';
import { runningDocument } from '../../../operator/resources/bridge-document.ts';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import { inputsHash } from '../../../operator/resources/labels.ts';
import { objectOf, pipelineOf } from '../support/pipelines.ts';

type Spec = Parameters<typeof pipelineOf>[0] & { readonly metadata?: unknown; readonly overrides?: unknown };

const everything = {
  mqtt: { broker: { kind: 'mosquitto', storage: '1GiB' }, share: 'g' },
  bridge: { replicas: 1, autoscaling: { maxReplicas: 2, cpu: 50 } },
  monitoring: { exporter: {}, prometheus: {}, grafana: {} },
};
const objectsOf = (spec: Spec) =>
  desiredObjects(
    pipelineOf(spec, { observed: { sessions: 2, apis: { prometheusOperator: true, routes: [], strimzi: undefined } } }),
  );
const override = (kind: string, patch: object, component?: string) => ({
  overrides: [{ kind, patch, ...(component && { component }) }],
});

describe('what people add to what the operator makes', () => {
  // Who pays for a volume or a load balancer is a label: without it on every object, a bridge could not be run there.
  it('is on every object and on every Pod', () => {
    const metadata = { labels: { team: 'cars' }, annotations: { 'example.com/cost': 'Halle 7' } };
    for (const { kind, metadata: made, ...rest } of objectsOf({ ...everything, metadata })) {
      expect(made, kind).toMatchObject(metadata);
      expect(made.labels, kind).toMatchObject({ 'app.kubernetes.io/managed-by': 'mqtt-kafka-operator' });
      const { template } = (rest as { spec?: { template?: { metadata: object } } }).spec ?? {};
      if (template) expect(template.metadata, kind).toMatchObject(metadata);
    }
  });

  it('is nothing that the bridge runs from, so that one of an older version reads its document', () => {
    const { spec } = runningDocument(
      pipelineOf({
        metadata: { labels: { team: 'cars' } },
        ...override('Service', { spec: { ipFamilyPolicy: 'PreferDualStack' } }),
      } as Spec),
    );
    expect(spec).not.toHaveProperty('metadata');
    expect(spec.overrides).toEqual([]);
  });

  it('is patched into one kind, of one part or of all', () => {
    const patch = { spec: { ipFamilyPolicy: 'PreferDualStack' } };
    const families = (spec: Spec) =>
      objectsOf(spec)
        .filter(({ kind }) => kind === 'Service')
        .map(({ metadata, spec }) => [metadata.name, (spec as { ipFamilyPolicy?: string }).ipFamilyPolicy]);
    expect(new Set(families({ ...everything, ...override('Service', patch) }).map(([, policy]) => policy))).toEqual(
      new Set(['PreferDualStack']),
    );
    expect(families({ ...everything, ...override('Service', patch, 'grafana') })).toContainEqual([
      'cars-bridge',
      undefined,
    ]);
  });

  it('keeps the other ports of a Service, and the order of patches', () => {
    const port = (nodePort: number) => ({
      kind: 'Service',
      component: 'broker',
      patch: { spec: { ports: [{ port: 1883, nodePort }] } },
    });
    const made = objectsOf({ ...everything, overrides: [port(30_001), port(30_002)] });
    expect(objectOf(made, 'Service', 'cars-broker').spec.ports).toEqual([
      { name: 'mqtt', port: 1883, targetPort: 'mqtt', nodePort: 30_002 },
    ]);
  });

  it('takes a field away', () => {
    const patch = { spec: { maxUnavailable: null, minAvailable: 1 } };
    const { spec } = objectOf(
      objectsOf({ ...everything, ...override('PodDisruptionBudget', patch) }),
      'PodDisruptionBudget',
      'cars-bridge',
    );
    expect(spec).toMatchObject({ minAvailable: 1 });
    expect(spec).not.toHaveProperty('maxUnavailable');
  });

  it('takes away labels of people, and none of ours', () => {
    const made = objectsOf({
      ...everything,
      metadata: { labels: { team: 'cars' }, annotations: { a: 'b' } },
      ...override('StatefulSet', { metadata: { labels: { team: null, more: 'x' }, annotations: { a: null } } }),
    });
    const { metadata, spec } = objectOf(made, 'StatefulSet', 'cars-bridge');
    expect(metadata.labels).toMatchObject({ more: 'x', 'app.kubernetes.io/component': 'bridge' });
    expect(metadata.labels).not.toHaveProperty('team');
    expect(Object.keys(metadata.annotations)).toEqual(['mqttkafka.dev/default-image']);
    expect(spec.template.metadata.annotations).toHaveProperty([inputsHash]);
  });

  it.each<[string, object, string]>([
    ['a name', override('Service', { metadata: { name: 'other' } }), 'metadata.name'],
    ['a namespace', override('Service', { metadata: { namespace: 'kube-system' } }), 'metadata.namespace'],
    ['an owner', override('ConfigMap', { metadata: { ownerReferences: [] } }), 'metadata.ownerReferences'],
    ['a finalizer', override('Secret', { metadata: { finalizers: ['a/b'] } }), 'metadata.finalizers'],
    ['a kind', override('Service', { kind: 'Secret' }), 'kind'],
    ['a selector of Pods', override('Service', { spec: { selector: { app: 'other' } } }), 'spec.selector'],
    ['a selector of a StatefulSet', override('StatefulSet', { spec: { selector: {} } }), 'spec.selector'],
    ['a Pod template', override('StatefulSet', { spec: { template: {} } }), 'spec.template'],
    ['the policed Pods', override('NetworkPolicy', { spec: { podSelector: {} } }), 'spec.podSelector'],
    ['the scaled object', override('HorizontalPodAutoscaler', { spec: { scaleTargetRef: {} } }), 'spec.scaleTargetRef'],
    ['what a Secret holds', override('Secret', { data: {} }), 'data'],
    ['what a ConfigMap holds', override('ConfigMap', { data: {} }), 'data'],
    ['addresses of others', override('Service', { spec: { externalIPs: ['1.1.1.1'] } }), 'spec.externalIPs'],
    ['a whole spec', override('Service', { spec: null }), 'spec'],
    ['a whole metadata', override('Service', { metadata: null }), 'metadata'],
    ['a label that is ours', { metadata: { labels: { 'app.kubernetes.io/name': 'x' } } }, 'app.kubernetes.io/name'],
    [
      'one in a patch',
      override('Service', { metadata: { labels: { 'app.kubernetes.io/instance': null } } }),
      'instance',
    ],
    ['an annotation that is ours', { metadata: { annotations: { 'mqttkafka.dev/paused': 'true' } } }, 'paused'],
    ['a name that no label can have', { metadata: { labels: { 'a b': 'x' } } }, 'a b'],
    ['a value that no label can have', { metadata: { labels: { a: '-x' } } }, 'label'],
    ['a label of the wrong type in a patch', override('Service', { metadata: { labels: { a: 1 } } }), 'text'],
    ['labels that are no mapping', override('Service', { metadata: { labels: 'a' } }), 'mapping'],
    ['annotations beyond all size', { metadata: { annotations: { a: 'x'.repeat(70_000) } } }, 'bytes'],
    ['nesting beyond all depth', override('NetworkPolicy', { spec: { ingress: nested(100) } }), 'over 100 levels'],
  ])('is never %s', (_, spec, words) => {
    expect(() => pipelineOf(spec as Spec)).toThrow(words);
  });
});

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}
