import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokerObjects } from '../../../../operator/resources/broker/broker.ts';
import { documentSecret } from '../../../../operator/resources/document-secrets.ts';
import { temporaryFolder } from '../../../real/cleanup.ts';
import { manifestsOf, objectOf } from '../../support/pipelines.ts';
import { MountedPod } from './mounts.ts';
import { type AnyObject, pipelineWith, textsOf } from './support.ts';

const broker = { kind: 'emqx' };

const user = { username: 'lorry', password: { valueFrom: { secretKeyRef: { name: 'lorries', key: 'seven' } } } };

const everything = {
  ...broker,
  replicas: 3,
  users: [user, { username: 'van', password: { value: 'cold' } }],
  tls: { secretName: 'cars-tls' },
  storage: '2GiB',
  service: { type: 'LoadBalancer', annotations: { 'example.com/internal': 'true' } },
  image: 'registry.example.com/emqx:5',
  resources: { limits: { memory: '4Gi' } },
  podTemplate: {
    spec: { containers: [{ name: 'broker', env: [{ name: 'EMQX_DURABLE_SESSIONS__ENABLE', value: 'true' }] }] },
  },
};

function objectsOf(...[spec, more]: Parameters<typeof pipelineWith>): AnyObject[] {
  const pipeline = pipelineWith(spec, more);
  const secrets = documentSecret(pipeline);
  return [...secrets, ...brokerObjects(pipeline, secrets)] as AnyObject[];
}

const environmentOf = (objects: readonly AnyObject[]): Record<string, string> =>
  Object.fromEntries(
    objectOf(objects, 'StatefulSet').spec.template.spec.containers[0].env.map(
      ({ name, value }: { name: string; value: string }) => [name, value],
    ),
  );

describe('the objects of a managed EMQX', () => {
  test('are these for the shortest document', async () => {
    await expect(manifestsOf(objectsOf(broker))).toMatchFileSnapshot('snapshots/emqx.yaml');
  });

  test('are these when the document says everything', async () => {
    await expect(manifestsOf(objectsOf(everything))).toMatchFileSnapshot('snapshots/emqx-everything.yaml');
  });

  test('keep what was made up before', () => {
    const made = (secrets: Record<string, Record<string, string>>) =>
      objectsOf(broker, { observed: { secrets } }).filter(({ kind }) => kind === 'Secret');
    const before = Object.fromEntries(made({}).map(each => [each.metadata.name, textsOf(each)]));
    before['cars-broker-emqx']!['api-secret'] = 'older';
    const after = Object.fromEntries(made(before).map(each => [each.metadata.name, textsOf(each)]));
    expect(after).toEqual({
      ...before,
      'cars-broker-emqx': { ...before['cars-broker-emqx'], 'api-keys': 'mkb-exporter:older\n' },
    });
  });

  test('let the exporter ask the API, other nodes talk to a node, and nobody else', () => {
    const { ingress } = objectOf(objectsOf(broker), 'NetworkPolicy').spec;
    const open = ingress.map(({ ports, from }: AnyObject) => [ports[0].port, from?.[0].podSelector.matchLabels]);
    expect(open).toEqual([
      [1883, undefined],
      [18_083, expect.objectContaining({ 'app.kubernetes.io/component': 'exporter' })],
      [4370, expect.objectContaining({ 'app.kubernetes.io/component': 'broker' })],
      [5369, expect.objectContaining({ 'app.kubernetes.io/component': 'broker' })],
    ]);
    expect(objectOf(objectsOf(broker), 'Service', 'cars-broker').spec.ports).toHaveLength(1);
  });
});

describe('a listener of EMQX', () => {
  const nameOf = (objects: readonly AnyObject[]) =>
    Object.keys(environmentOf(objects)).find(name => /^EMQX_LISTENERS__TCP__USERS[0-9A-F]{16}__BIND$/.test(name));
  const spec = { ...broker, users: [user] };
  const same = nameOf(objectsOf(spec));

  test('is the same for the same users', () => {
    expect(same).toBeDefined();
    expect(nameOf(objectsOf({ ...spec, service: { type: 'NodePort' } }))).toBe(same);
  });

  test.each([
    ['a user is taken away', broker, {}],
    ['a password in the document is', { ...spec, users: [{ username: 'lorry', password: { value: 'new' } }] }, {}],
    ["a password in a Secret of people's is", spec, { inputs: { 'Secret/lorries': 'new' } }],
    ["the bridge's own password is", spec, { secrets: { 'cars-broker-user': { password: 'new' } } }],
  ])('is another when %s', (_, changed, observed) => {
    expect(nameOf(objectsOf(changed, { observed }))).toMatch(/^EMQX_LISTENERS/);
    expect(nameOf(objectsOf(changed, { observed }))).not.toBe(same);
  });

  test('asks nobody who they are when anyone may connect', () => {
    const environment = environmentOf(objectsOf({ ...spec, anonymous: true }));
    const fields = Object.keys(environment).filter(name => name.includes('__USERS'));
    expect(fields.map(name => name.split('__').at(-1))).toEqual(['BIND', 'ENABLE_AUTHN']);
  });
});

test.each([
  ['true', 'one node', {}, {}],
  ['false', 'a shared subscription', {}, { share: 'cars' }],
  ['false', 'a cluster', { replicas: 3 }, {}],
])('sessions are durable: %s for %s', (durable, _, more, mqtt) => {
  const environment = environmentOf(objectsOf({ ...broker, ...more }, { mqtt }));
  expect(environment.EMQX_DURABLE_SESSIONS__ENABLE).toBe(durable);
  // EMQX does not start with durable sessions and any other.
  if (durable === 'true') expect(environment.EMQX_CLUSTER__DISCOVERY_STRATEGY).toBe('singleton');
});

// EMQX 5.8.1 to 5.8.9 lost 445 of 10,000 messages from sessions on disk when the bridge was killed twice.
test.each([
  ['true', 'emqx/emqx:5.8.0'],
  ['false', 'emqx/emqx:5.8.1'],
  ['false', 'registry.example.com:5000/iot/emqx:v5.8.9-elixir@sha256:0123'],
  ['false', 'emqx/emqx-enterprise:5.8.4'],
  ['false', 'emqx/emqx:5.8'],
  ['true', 'emqx/emqx:5.8.10'],
  ['true', 'emqx/emqx:5.9.0'],
  ['true', 'emqx/emqx:6.0.1'],
  ['true', 'registry.example.com:5800/emqx'],
])('sessions are durable: %s in %s', (durable, image) => {
  expect(environmentOf(objectsOf({ ...broker, image })).EMQX_DURABLE_SESSIONS__ENABLE).toBe(durable);
  // So are those of a broker that runs such a version as the default of an earlier operator.
  const observed = { images: { broker: image } };
  expect(environmentOf(objectsOf(broker, { observed })).EMQX_DURABLE_SESSIONS__ENABLE).toBe(durable);
});

test('the first container writes JSON of all users, whatever their names and passwords are', () => {
  const users = [
    { username: `"$(touch harm)\\ 'x'`, password: { value: `\\"; touch harm #` } },
    { username: 'grüße 🚚', password: { value: '  pässwort ' } },
    { username: '-n:#', password: { value: '-e' } },
  ];
  const objects = objectsOf({ ...broker, users });
  const pod = new MountedPod(temporaryFolder('managed-emqx'), objects, objectOf(objects, 'StatefulSet'));
  const [command, ...args] = pod.command('passwords');
  expect(spawnSync(command, args, { cwd: pod.folder, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  const file =
    environmentOf(objects)[Object.keys(environmentOf(objects)).find(name => name.endsWith('AUTHENTICATION'))!]!;
  const [{ bootstrap_file }] = JSON.parse(file);
  expect(JSON.parse(readFileSync(pod.path(bootstrap_file), 'utf8'))).toEqual([
    { user_id: 'mkb-bridge', password: 'made-up-1' },
    { user_id: 'mkb-exporter', password: 'made-up-2' },
    ...users.map(({ username, password }) => ({ user_id: username, password: password.value })),
  ]);
  expect(() => readFileSync(join(pod.folder, 'harm'))).toThrow('ENOENT');
});
