import { expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import type { Context } from '../../../operator/reconcile/context.ts';
import { identified } from '../../../operator/reconcile/identity.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

const annotation = 'mqttkafka.dev/identity';

const bridge = (metadata: object = {}): KubeObject => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttKafkaBridge',
  metadata: { name: 'cars', namespace: 'staging', resourceVersion: '7', ...metadata } as KubeObject['metadata'],
});

/** A cluster with the ConfigMap that an operator made for the bridge before, or without one. */
function cluster(configMap?: { readonly annotations?: Record<string, string> }) {
  const context = {
    cluster: {
      of: () => ({
        get: ({ name }: { name: string }) =>
          name === 'cars-bridge' && configMap ? { metadata: configMap } : undefined,
      }),
    },
  };
  return { context: context as unknown as Context };
}

// Bridges of one name in two namespaces shared a group, and each published half of the other's records.
test.each([
  ['a new bridge has its namespace in it', {}, undefined, 'staging.cars'],
  ['one that an older operator made keeps its session and its offsets', {}, {}, 'cars'],
  [
    'one whose annotations were replaced has it from its ConfigMap',
    {},
    { annotations: { [annotation]: 'staging.cars' } },
    'staging.cars',
  ],
  ['one that a backup brought back has it with it', { annotations: { [annotation]: 'cars' } }, undefined, 'cars'],
  [
    'one that is made again while its ConfigMap is there goes on',
    { uid: 'new' },
    { annotations: { [annotation]: 'old.cars' } },
    'old.cars',
  ],
])('%s', (_what, metadata, configMap, identity) => {
  const { context } = cluster(configMap);
  const resource = identified(context, bridge(metadata));
  expect(resource.metadata.annotations).toMatchObject({ [annotation]: identity });
});

test('one that has it is left as it is, whether it is being deleted or not', () => {
  const resource = identified(cluster().context, bridge({ annotations: { mine: 'x' } }));
  expect(resource.metadata.annotations).toEqual({ mine: 'x', [annotation]: 'staging.cars' });
  expect(identified(cluster({}).context, resource)).toBe(resource);
});

test('client ids and the group are the identity where the document does not say', () => {
  const completed = (spec: object) => {
    const metadata = { name: 'cars', annotations: { [annotation]: 'staging.cars' } };
    const { mqtt, kafka } = completeDocument({ metadata, spec: { mqtt: {}, kafka: {}, rules: [], ...spec } }).spec;
    return [mqtt.clientId, kafka.clientId, kafka.consumer.groupId];
  };
  expect(completed({})).toEqual(['staging.cars', 'staging.cars', 'staging.cars']);
  const own = { mqtt: { clientId: 'a' }, kafka: { clientId: 'b', consumer: { groupId: 'c' } } };
  expect(completed(own)).toEqual(['a', 'b', 'c']);
});
