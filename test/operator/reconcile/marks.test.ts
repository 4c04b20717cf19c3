import { expect, test } from 'vitest';
import { type Marks, mark } from '../../../operator/reconcile/marks.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

const identity = 'staging.cars';
const annotation = 'mqttkafka.dev/identity';
const finalizer = 'mqttkafka.dev/sessions';
const person = { manager: 'kubectl', operation: 'Apply' };
const ours = { manager: 'mqtt-kafka-operator-defaults', operation: 'Update' };
const version = { op: 'replace', path: '/metadata/resourceVersion', value: '7' };

/** What is sent to a server that has this bridge, and who it says that has written. */
async function sent(
  metadata: object,
  bridge: object | undefined,
  marks: Partial<Marks> = {},
  managers = [person, ours],
) {
  const requests: { readonly patch: unknown; readonly fieldManager: string | undefined }[] = [];
  const resource = {
    metadata: { name: 'cars', namespace: 'staging', resourceVersion: '7', ...metadata },
    spec: { ...(bridge && { bridge }) },
  } as unknown as KubeObject;
  const client = {
    patch: async (_kind: unknown, _key: unknown, patch: unknown, options: { fieldManager?: string } = {}) => {
      requests.push({ patch, fieldManager: options.fieldManager });
      const now = { ...resource.metadata, resourceVersion: '8', managedFields: managers };
      return { ...resource, metadata: now } as KubeObject;
    },
  };
  await mark(client, resource, { identity, replicas: 2, finalizer: true, ...marks }, new AbortController().signal);
  return requests;
}

// A new bridge cost four requests before anything was made for it.
test('a new bridge is marked in one request, and what was filled in belongs to nobody by a second', async () => {
  const requests = await sent({ annotations: { mine: 'x' }, finalizers: ['other'] }, { resources: {} });
  expect(requests).toEqual([
    {
      fieldManager: ours.manager,
      patch: [
        version,
        { op: 'add', path: '/metadata/annotations', value: { mine: 'x', [annotation]: identity } },
        { op: 'add', path: '/metadata/finalizers', value: ['other', finalizer] },
        { op: 'add', path: '/spec/bridge', value: { resources: {}, replicas: 2 } },
      ],
    },
    {
      fieldManager: undefined,
      patch: [
        { ...version, value: '8' },
        { op: 'replace', path: '/metadata/managedFields', value: [person] },
      ],
    },
  ]);
});

test.each([
  [
    'a number of replicas that somebody has said',
    {},
    { replicas: 5 },
    {},
    ['/metadata/annotations', '/metadata/finalizers'],
  ],
  ['one that is not to be said', {}, {}, { replicas: undefined }, ['/metadata/annotations', '/metadata/finalizers']],
  ['what is there', { annotations: { [annotation]: identity }, finalizers: [finalizer] }, { replicas: 0 }, {}, []],
  [
    'a finalizer that is not wanted',
    { annotations: { [annotation]: identity } },
    { replicas: 1 },
    { finalizer: false },
    [],
  ],
])('%s is left as it is', async (_what, metadata, bridge, marks, paths) => {
  const requests = await sent(metadata, bridge, marks);
  const written = requests.flatMap(({ patch }) => (patch as { path: string }[]).slice(1).map(({ path }) => path));
  expect(written).toEqual(paths);
  expect(requests.every(({ fieldManager }) => fieldManager === undefined)).toBe(true);
});

test('a list of managers in which only ours was is emptied in the way that the server takes', async () => {
  const [, second] = await sent({}, undefined, {}, [ours]);
  expect(second!.patch).toContainEqual({ op: 'replace', path: '/metadata/managedFields', value: [{}] });
});
