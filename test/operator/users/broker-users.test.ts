/** What one MqttUser can do to the others of its broker, and what is said of a broker that cannot take any. */
import { describe, expect, test } from 'vitest';
import { completeDocument } from '../../../api/complete.ts';
import { MkbError } from '../../../api/errors.ts';
import type { UserAcl } from '../../../api/mqtt-user.ts';
import type { Cluster } from '../../../operator/observed/cluster.ts';
import { observedPod } from '../../../operator/observed/observed-objects.ts';
import { observedUser } from '../../../operator/observed/user-watch.ts';
import { withoutUsersNote } from '../../../operator/resources/broker/users-note.ts';
import type { EventText } from '../../../operator/runtime/events.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { BrokerUsers } from '../../../operator/users/broker-users.ts';
import type { LoginAnswer } from '../../../operator/users/login.ts';
import type { Logins } from '../../../operator/users/user-proofs.ts';
import { resourceOf } from '../support/resources.ts';

const user = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttUser',
  metadata: { name, namespace: 'shop', uid: name, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { bridgeRef: { name: 'cars' }, ...spec },
});

const now = new Date('2026-01-02T00:00:00Z');

const brokerSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: {
    ...{ name: 'cars-broker', namespace: 'shop', uid: 's' },
    ownerReferences: [
      { apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttKafkaBridge', name: 'cars', uid: 'b', controller: true },
    ],
  },
  spec: { replicas: 1 },
};

/** A broker that runs since an hour from now, so that whatever it is given is in force at once. */
const brokerPod = (message?: string): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'cars-broker-0',
      creationTimestamp: '2026-01-02T01:00:00Z',
      labels: { 'app.kubernetes.io/component': 'broker' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'cars-broker', uid: 's', controller: true },
      ],
    },
    status: {
      podIP: '10.0.0.7',
      conditions: [{ type: 'Ready', status: 'True' }],
      initContainerStatuses: [{ name: 'passwords', state: { terminated: { exitCode: 0, message } } }],
    },
  }) as never;

interface Options {
  readonly secrets?: Readonly<Record<string, KubeObject>>;
  /** What the server says to an apply of a Secret of this name. */
  readonly refused?: Readonly<Record<string, MkbError>>;
  readonly pod?: KubeObject;
  /** Of the broker, to who logs in. */
  readonly answer?: (username: string) => LoginAnswer | undefined;
  /** What runs of the bridge. */
  readonly running?: Parameters<typeof resourceOf>[0] | null;
}

/** Looks once at the users. */
async function look(users: readonly KubeObject[], options: Options = {}) {
  const { secrets = {}, refused = {}, pod = brokerPod(), answer = () => 'let-in' } = options;
  const { running = { mqtt: { broker: { kind: 'mosquitto' } } } } = options;
  const statuses: Record<string, { reason: string; message: string }> = {};
  const written: Record<string, unknown> = {};
  let lines: string | undefined;
  const bridge = resourceOf({ mqtt: { broker: { kind: 'mosquitto' } } });
  const stored = { ...bridge, metadata: { ...bridge.metadata, name: 'cars', namespace: 'shop', uid: 'b' } };
  const events: EventText[] = [];
  let logins: Logins = new Map();
  const apply = async ({ kind }: { kind: string }, object: KubeObject): Promise<KubeObject> => {
    const { name } = object.metadata;
    if (kind === 'Secret' && refused[name]) throw refused[name];
    if (kind === 'MqttUser') {
      written[name] = object.status;
      statuses[name] = (object.status as { conditions: never[] }).conditions[0]!;
    }
    if (kind === 'Secret' && name === 'cars-broker-users') {
      const { users: text } = object.data as Record<string, string>;
      lines = Buffer.from(text!, 'base64').toString();
    }
    return { ...object, metadata: { ...object.metadata, resourceVersion: '1' } };
  };
  const cluster = {
    client: { apply, get: async (_: unknown, { name }: { name: string }) => secrets[name] },
    users: { synced: async () => undefined, of: () => users },
    bridges: { get: ({ name }: { name: string }) => (name === 'cars' ? stored : undefined) },
    bridge: async ({ name }: { name: string }) => (name === 'cars' ? stored : undefined),
    pods: { byIndex: () => [observedPod(pod)] },
    of: ({ kind }: { kind: string }) => ({
      get: ({ name }: { name: string }) => (kind === 'StatefulSet' ? brokerSet : secrets[name]),
    }),
    observed: async () => undefined,
    values: { put: () => undefined },
  } as unknown as Cluster;
  const brokerUsers = new BrokerUsers({
    cluster,
    documentOf: async () => running && completeDocument(resourceOf(running)),
    proofs: {
      want: (_, wanted) => {
        logins = wanted;
      },
      of: id => answer(logins.get(id)?.username ?? ''),
    },
    events: { record: (_, event) => events.push(event) },
    newPassword: () => 'made-up',
    now: () => now,
    distributeMs: 1000,
    resyncMs: 3_600_000,
  });
  const result = await brokerUsers.reconcile('shop/cars', new AbortController().signal);
  const known = (lines ?? '').split('\n').flatMap(line => (line === '' ? [] : [line.split('\t')[0]!]));
  const reasons = Object.fromEntries(Object.entries(statuses).map(([name, { reason }]) => [name, reason]));
  return { known, reasons, statuses, written, result, events, logins: [...logins.values()] };
}

// A namespace with no room for another Secret: nobody's password changed there any more, and no user said why.
test.each([
  'kube-forbidden',
  'kube-invalid',
] as const)('a Secret that is refused (%s) is the affair of its user alone', async code => {
  const error = new MkbError(code, { action: 'apply Secret shop/b', reason: 'exceeded quota: secrets' });
  const { known, reasons, statuses, result } = await look([user('a'), user('b'), user('c')], { refused: { b: error } });
  expect(known).toEqual(['a', 'c']);
  expect(reasons).toEqual({ a: 'InForce', b: 'SecretRefused', c: 'InForce' });
  expect(statuses.b!.message).toContain('exceeded quota');
  expect(result).toEqual({ requeueAfterMs: 60_000 });
});

test('what no user can help stops the look, which is repeated', async () => {
  const error = new MkbError('kube-unreachable', { server: 's', reason: 'gone', refused: true });
  await expect(look([user('a'), user('b')], { refused: { b: error } })).rejects.toBe(error);
});

// 256 topics with a long name in each were a megabyte, and left no room for anybody else.
test('a user whose topics are long leaves room for others', async () => {
  const username = 'u'.repeat(253);
  const acls: UserAcl[] = Array.from({ length: 100 }, (_, index) => ({
    topic: `${index}/\${username}`,
    action: 'all',
    permission: 'allow',
  }));
  const { known, reasons } = await look([user('a', { username, acls }), user('b')]);
  expect([known, reasons]).toEqual([['b'], { a: 'AclTooLong', b: 'InForce' }]);
});

// Bytes that are no text became other bytes: the user was in force, and its device was never let in.
test('a password that is no text is invalid', async () => {
  const data = (bytes: readonly number[]) => ({ p: Buffer.from(bytes).toString('base64') });
  const secretOf = (name: string, bytes: readonly number[]): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, resourceVersion: '1' } },
    data: data(bytes),
  });
  const from = (name: string) => ({ passwordFrom: { secretKeyRef: { name, key: 'p' } } });
  const { reasons } = await look([user('a', from('bytes')), user('b', from('text'))], {
    secrets: { bytes: secretOf('bytes', [0xc3, 0x28]), text: secretOf('text', [0xc3, 0xa4]) },
  });
  expect(reasons).toEqual({ a: 'PasswordInvalid', b: 'InForce' });
});

describe('a broker whose image has no plugin', () => {
  // Each user was said to be in force, and none was let in.
  test('lets no user in, and each says so', async () => {
    const { reasons, logins } = await look([user('a')], { pod: brokerPod(`${withoutUsersNote}\n`) });
    expect([reasons, logins]).toEqual([{ a: 'PluginMissing' }, []]);
  });

  test('is known by nothing else that its first container says', async () => {
    const { reasons } = await look([user('a')], { pod: brokerPod('something') });
    expect(reasons).toEqual({ a: 'InForce' });
  });
});

// What anybody writes beside a user was kept in memory: ten thousand of them with a quarter of a megabyte each.
test('what is kept of a user in memory has no annotations', () => {
  const { metadata, ...rest } = user('a');
  const annotations = { note: 'x'.repeat(1000) };
  expect(observedUser({ ...rest, metadata: { ...metadata, annotations, labels: annotations } })).toEqual(user('a'));
});

describe('a user that is new to its broker', () => {
  // The container beside the broker could not publish, and each user was Ready after two minutes: no device was let in.
  test.each([
    ['let-in', 'InForce', 'True'],
    ['refused', 'NotTaken', 'False'],
    ['unreachable', 'Unverified', 'Unknown'],
    [undefined, 'Distributing', 'False'],
  ] as const)('is Ready by what the broker answers to who logs in: %s', async (answer, reason, status) => {
    const { statuses, events, logins } = await look([user('a')], { answer: () => answer });
    expect(statuses.a).toMatchObject({ reason, status });
    expect(logins).toEqual([{ host: '10.0.0.7', port: 1883, tls: false, username: 'a', password: 'made-up' }]);
    expect(events.map(event => event.reason)).toEqual(reason === 'NotTaken' || reason === 'Unverified' ? [reason] : []);
  });

  test('is not tried again once it was let in, also while the broker is restarted', async () => {
    const { written } = await look([user('a')]);
    const known = { ...user('a'), status: written.a };
    const { reasons, logins } = await look([known], { answer: () => 'refused' });
    // Nothing new is said of it.
    expect([reasons, logins]).toEqual([{}, []]);
  });

  test('is tried where the broker has TLS, if it has', async () => {
    const broker = { kind: 'mosquitto', tls: { secretName: 'cert' } };
    const { logins } = await look([user('a')], { running: { mqtt: { broker } } });
    expect(logins).toMatchObject([{ port: 8883, tls: true }]);
  });
});

// A document that was refused had lost its `access` already: every user could publish everything until somebody corrected the SQL.
test('what runs decides what users may, whatever is written in the bridge', async () => {
  const access = { publish: ['up/${username}'], subscribe: [] };
  const acls = [{ topic: '#', action: 'publish', permission: 'allow' }];
  const running = { mqtt: { broker: { kind: 'mosquitto', access } } };
  const { reasons } = await look([user('a', { acls })], { running });
  expect(reasons).toEqual({ a: 'AclNotAllowed' });
});

test('a bridge without any document that is right says so, and takes nobody away', async () => {
  const { reasons, known } = await look([user('a')], { running: null });
  expect([reasons, known]).toEqual([{ a: 'BridgeInvalid' }, []]);
});

// Its Secret would have been in the way of the Secret of all users, or of what the bridge itself is made of.
test.each([
  'cars-broker-users',
  'cars-broker-user',
  'cars-document',
  'cars-kafka',
  'cars-sessions',
  'cars-grafana-admin',
])('a user called %s makes no Secret that is one of its bridge', async name => {
  const { reasons, known } = await look([user(name), user('other-kafka')]);
  expect([reasons, known]).toEqual([{ [name]: 'SecretTaken', 'other-kafka': 'InForce' }, ['other-kafka']]);
});
