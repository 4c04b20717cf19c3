// Any Pod with the labels of a bridge was asked for its metrics, and what it said became the status of that bridge.
import { expect, it } from 'vitest';
import { bridgePods } from '../../../operator/observed/bridge-pods.ts';
import type { Cluster } from '../../../operator/observed/cluster.ts';
import type { KubeObject, OwnerReference } from '../../../operator/runtime/object.ts';
import { resourceOf } from '../support/resources.ts';

const owner = (kind: string, uid: string, controller = true): OwnerReference => ({
  apiVersion: 'v1',
  kind,
  name: 'x',
  uid,
  controller,
});
const made = (kind: string, name: string, ownerReferences: OwnerReference[], more: object = {}): KubeObject => ({
  ...{ apiVersion: 'v1', kind, metadata: { name, namespace: 'shop', uid: `uid-${name}`, ownerReferences } },
  ...more,
});

const set = made('StatefulSet', 'cars-bridge', [owner('MqttKafkaBridge', 'uid-cars')], {
  spec: { replicas: 1 },
  status: { replicas: 2 },
});
const ofSet = [owner('StatefulSet', 'uid-cars-bridge')];

const podsOf = (statefulSet: KubeObject | undefined, pods: KubeObject[]) =>
  bridgePods({
    bridges: { list: () => [resourceOf()] },
    pods: { byIndex: () => pods },
    of: () => ({ get: () => statefulSet }),
  } as unknown as Cluster)
    .get('shop/cars')!
    .map(({ metadata }) => metadata.name);

it('a bridge has the Pods that its StatefulSet has made', () => {
  const pods = ['cars-bridge-0', 'cars-bridge-1'].map(name => made('Pod', name, ofSet));
  expect(podsOf(set, pods)).toEqual(['cars-bridge-0', 'cars-bridge-1']);
});

it.each([
  ['has only the labels', made('Pod', 'cars-bridge-0', [])],
  ['is of another StatefulSet', made('Pod', 'cars-bridge-0', [owner('StatefulSet', 'other')])],
  [
    'has it as an owner that does not manage it',
    made('Pod', 'cars-bridge-0', [owner('StatefulSet', 'uid-cars-bridge', false)]),
  ],
  ['has a name that it never gives', made('Pod', 'cars-bridge-evil', ofSet)],
  ['has the name of a replica that there is not', made('Pod', 'cars-bridge-2', ofSet)],
  ['has a number that is none', made('Pod', 'cars-bridge-00', ofSet)],
])('a Pod that %s is not asked', (_, pod) => {
  expect(podsOf(set, [pod])).toEqual([]);
});

it('a StatefulSet of somebody else has no Pods of the bridge', () => {
  const foreign = made('StatefulSet', 'cars-bridge', [owner('MqttKafkaBridge', 'other')], { spec: { replicas: 1 } });
  expect(podsOf(foreign, [made('Pod', 'cars-bridge-0', ofSet)])).toEqual([]);
  expect(podsOf(undefined, [made('Pod', 'cars-bridge-0', ofSet)])).toEqual([]);
});
