import { describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { defaultConfiguration } from '../../../operator/configuration.ts';
import type { Cluster } from '../../../operator/observed/cluster.ts';
import { noFigures } from '../../../operator/observed/pod-figures.ts';
import { checkResource } from '../../../operator/reconcile/document.ts';
import { finalize } from '../../../operator/reconcile/finalize.ts';
import { Rechecks } from '../../../operator/reconcile/rechecks.ts';
import type { Waiting } from '../../../operator/reconcile/waiting.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { controllerOf } from '../../../operator/runtime/owner.ts';
import { resourceOf, settingsOf } from '../support/resources.ts';

const metadata = { namespace: 'shop', uid: 'u' };
const labels = {
  'app.kubernetes.io/managed-by': 'mqtt-kafka-operator',
  'app.kubernetes.io/instance': 'cars',
};
const owner = { apiVersion: 'v1', kind: 'MqttKafkaBridge', name: 'cars', uid: 'uid-cars', controller: true };
const own = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { ...metadata, name, labels, ownerReferences: [owner] },
  ...more,
});
const loose = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, ownerReferences: [] },
});
const job = (ordinal: number, status: object) => own('Job', `cars-drain-${ordinal}`, { status });
const note = {
  identity: { broker: ['mqtt://a:1883'], clientId: 'cars', share: 's' },
  files: {},
  oldFilters: [],
  filters: '',
  groupId: 'cars',
  topics: [],
  content: '',
};
const kitWith = (more: object = {}, name = 'cars-sessions'): KubeObject => {
  const annotations = { 'mqttkafka.dev/sessions': JSON.stringify({ ...note, ...more }) };
  const object = loose(own('Secret', name));
  return { ...object, metadata: { ...object.metadata, uid: `uid-${name}`, annotations } };
};
const kit = kitWith();
const statefulSet = own('StatefulSet', 'cars-bridge', { spec: { replicas: 2 } });
const pod = {
  ...own('Pod', 'cars-bridge-0'),
  metadata: {
    ...{ ...metadata, name: 'cars-bridge-0', labels: { 'app.kubernetes.io/component': 'bridge' } },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'cars-bridge', uid: 'u', controller: true }],
  },
};
const succeeded = { succeeded: 1 };
const failed = { conditions: [{ type: 'Failed', status: 'True', message: 'Job was active too long' }] };
/** The Pod of the second drain, which has ended with an error. */
const endedPod = {
  ...own('Pod', 'x'),
  metadata: { ...metadata, name: 'x', ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u' }] },
  trouble: { reason: 'CrashLoopBackOff', message: 'container bridge ended: Drained: 7; read and not in Kafka: 3.' },
};

interface Stage {
  readonly objects?: readonly KubeObject[];
  readonly pods?: readonly object[];
  /** How long the operator has known that it is deleted. */
  readonly seconds?: number;
  readonly deletedAt?: string;
  readonly finalizers?: readonly string[];
  readonly spec?: Parameters<typeof resourceOf>[0];
  readonly applyFails?: unknown;
  /** The bridge that the API server has by that name now. */
  readonly uidNow?: string | undefined;
}

/** One look at a deleted bridge with two sessions, in a cluster that holds these objects. */
async function look(stage: Stage) {
  const { objects = [kit], pods = [], seconds = 1, spec, applyFails } = stage;
  const { deletedAt = '2026-01-01T00:00:00Z', finalizers = [] } = stage;
  const uidNow = 'uidNow' in stage ? stage.uidNow : 'uid-cars';
  const done: string[] = [];
  const note = (verb: string) => async (kind: ResourceKind, key: { name?: string; metadata?: { name: string } }) => {
    if (verb === 'apply' && kind.kind === 'Job' && applyFails) throw applyFails;
    done.push(`${verb} ${kind.kind} ${key.name ?? key.metadata!.name}`);
    return {};
  };
  const get = (kind: ResourceKind) => ({
    get: ({ name }: { name: string }) => objects.find(each => each.kind === kind.kind && each.metadata.name === name),
    byOwner: (uid: string) =>
      objects.filter(
        each => each.kind === kind.kind && each.metadata.ownerReferences?.some(reference => reference.uid === uid),
      ),
  });
  const cluster = {
    client: {
      delete: note('delete'),
      patch: note('patch'),
      apply: note('apply'),
      get: async () => undefined,
      list: async () => ({ items: uidNow === undefined ? [] : [{ metadata: { uid: uidNow } }] }),
    },
    of: get,
    observed: async (kind: ResourceKind, { name }: { name: string }) =>
      objects.find(each => each.kind === kind.kind && each.metadata.name === name),
    watches: () => true,
    wasMade: () => false,
    madeFor: ({ metadata }: KubeObject) => objects.filter(each => controllerOf(each)?.uid === metadata.uid),
    pods: { byIndex: () => pods },
    apis: async () => ({ prometheusOperator: false, routes: [], strimzi: undefined }),
  } as unknown as Cluster;
  const events: string[] = [];
  const resource = resourceOf(spec ?? { mqtt: { url: 'mqtt://a', share: 's' }, bridge: { replicas: 2 } }, {
    metadata: {
      ...metadata,
      name: 'cars',
      generation: 1,
      resourceVersion: '1',
      deletionTimestamp: deletedAt,
      uid: 'uid-cars',
      finalizers: ['mqttkafka.dev/sessions', ...finalizers],
    },
    status: { sessions: 2 },
  });
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const context = {
    cluster,
    settings: defaultConfiguration(),
    verdicts: { of: () => undefined, kept: () => undefined, forget: () => undefined },
    figures: () => noFigures,
    expect: () => undefined,
    events: {
      record: (_: unknown, { reason, message }: { reason: string; message: string }) =>
        events.push(`${reason}: ${message}`),
    },
    log,
    onCorrected: () => undefined,
    onRestored: () => undefined,
    newPassword: () => 'p',
    now: () => new Date('2026-01-01T00:00:00Z'),
    waiting: { since: () => seconds * 1000, over: () => undefined } as unknown as Waiting,
    rechecks: new Rechecks(),
    resyncMs: 1000,
    random: () => 0.5,
  };
  const document = checkResource(resource, settingsOf(1)).document;
  const result = await finalize(context, resource, document, new AbortController().signal);
  const gone = done.includes('patch MqttKafkaBridge cars');
  return { done: done.filter(each => !each.includes('MqttKafkaBridge')), events, gone, result };
}

describe('the end of a bridge', () => {
  it('begins with its Pods: a session is drained when nobody uses it', async () => {
    expect(await look({ objects: [kit, statefulSet], pods: [pod] })).toMatchObject({
      done: ['delete StatefulSet cars-bridge'],
      gone: false,
    });
    expect(await look({ pods: [pod] })).toMatchObject({ done: [], gone: false });
  });

  // A StatefulSet is replaced without its Pods. Deleted at that moment, the bridge waited in vain: its Pods ran on, and its sessions were left.
  it('ends Pods that no StatefulSet has', async () => {
    expect(await look({ pods: [loose(pod)] })).toMatchObject({ done: ['apply StatefulSet cars-bridge'], gone: false });
  });

  it('does not wait for a Pod of somebody else that has our labels', async () => {
    const other = { ...loose(pod), metadata: { ...loose(pod).metadata, name: 'cars-bridge-x' } };
    const drained = [kit, job(0, succeeded), job(1, succeeded)];
    expect(await look({ objects: drained, pods: [other] })).toMatchObject({ gone: true });
  });

  // A look at what the watch had not yet reported as gone made one drain more, which a new bridge of that name would have lost its session to.
  it.each([undefined, 'uid-of-another'])('makes no drain when the API server has %s by its name', async uidNow => {
    const { done } = await look({ uidNow });
    expect(done.filter(each => each.includes('Job'))).toEqual([]);
  });

  it('goes on with a drain of each session', async () => {
    const { done, gone, result } = await look({});
    expect(done).toEqual(['apply ServiceAccount cars-drain', 'apply Job cars-drain-0', 'apply Job cars-drain-1']);
    expect(gone).toBe(false);
    expect(result?.requeueAfterMs).toBeGreaterThan(0);
    expect(await look({ objects: [kit, job(0, succeeded), job(1, {})] })).toMatchObject({ done: [], gone: false });
  });

  it('drains what older documents left behind, too', async () => {
    const left = kitWith({ left: [0, 2] }, 'cars-sessions-0a1b2c');
    const references = [{ apiVersion: 'v1', kind: 'Secret', name: 'cars-sessions', uid: 'uid-cars-sessions' }];
    const { done } = await look({
      objects: [kit, { ...left, metadata: { ...left.metadata, ownerReferences: references } }],
    });
    expect(done).toContain('apply Job cars-sessions-0a1b2c-0');
    expect(done).toContain('apply Job cars-sessions-0a1b2c-2');
  });

  it('has come when all of them are drained, and leaves no kit', async () => {
    const { gone, events, done } = await look({ objects: [kit, job(0, succeeded), job(1, succeeded)] });
    expect(gone).toBe(true);
    // It belongs to the bridge from now on, and goes with it.
    expect(done).toEqual(['patch Secret cars-sessions']);
    expect(events).toEqual(['Drained: 2 sessions at the MQTT broker were drained and ended.']);
  });

  // The garbage collector has cut the Jobs loose from a bridge that is deleted in the foreground.
  it('knows its drains although they are no longer the bridge’s', async () => {
    const { gone } = await look({ objects: [kit, loose(job(0, succeeded)), loose(job(1, succeeded))] });
    expect(gone).toBe(true);
  });

  it('has come although drains failed, and says which, why, and how much is left', async () => {
    const { gone, events } = await look({ objects: [kit, job(0, succeeded), job(1, failed)], pods: [endedPod] });
    expect(gone).toBe(true);
    expect(events).toEqual([
      'NotDrained: Sessions at the MQTT broker are left behind until they expire: the drains cars-drain-1 failed. ' +
        'Job was active too long; container bridge ended: Drained: 7; read and not in Kafka: 3.',
    ]);
  });

  // It was acknowledged, and nobody knew that it was still there.
  it('says that what waits in buffers on disk stays on their volumes', async () => {
    const delivery = { buffer: { mode: 'disk', path: '/b' } };
    const spec = { mqtt: { url: 'mqtt://a', share: 's' }, delivery, bridge: { replicas: 2, drainTimeout: '0s' } };
    const { gone, events } = await look({ spec } as Stage);
    expect(gone).toBe(true);
    expect(events).toEqual([expect.stringMatching(/^NotDrained: .* stays on the volumes data-cars-bridge-N/)]);
  });

  it.each([
    ['Pods that do not go', { pods: [pod] }],
    ['drains that do not end', { objects: [kit, job(0, {}), job(1, {})] }],
    ['an API server that takes nothing', { applyFails: new MkbError('kube-overloaded', { action: 'a', reason: 'b' }) }],
    ['a policy that denies it', { applyFails: new MkbError('kube-invalid', { action: 'a', reason: 'b' }) }],
    ['we are at fault', { applyFails: new TypeError('x is not a function') }],
  ])('comes a minute after drainTimeout, whatever happens: %s', async (_, stage: Stage) => {
    expect(await look({ ...stage, seconds: 659 })).toMatchObject({ gone: false, events: [] });
    const { gone, events } = await look({ ...stage, seconds: 661 });
    expect(gone).toBe(true);
    expect(events).toEqual([expect.stringMatching(/^NotDrained: Sessions .* are left behind/)]);
  });

  // The operator's clock was an hour ahead of the API server's: every deleted bridge went at once, with its messages left behind.
  it.each([
    '2020-01-01T00:00:00Z',
    '2032-01-01T00:00:00Z',
  ])('is not cut short by another clock: deleted at %s', async deletedAt => {
    expect(await look({ objects: [kit, job(0, {}), job(1, {})], deletedAt })).toMatchObject({
      gone: false,
      events: [],
    });
  });

  it('comes at once when the namespace is being deleted', async () => {
    const applyFails = new MkbError('kube-namespace-ending', { action: 'a', reason: 'b' });
    expect(await look({ applyFails })).toMatchObject({ gone: true, events: [expect.stringMatching(/^NotDrained/)] });
  });

  it('comes at once when a person wants it so', async () => {
    const spec = { mqtt: { url: 'mqtt://a', share: 's' }, bridge: { replicas: 2, drainTimeout: '0s' } };
    const { gone, events } = await look({ spec, objects: [kit, statefulSet] });
    expect(gone).toBe(true);
    expect(events).toEqual([expect.stringContaining('drainTimeout is 0s')]);
  });

  it('comes at once when nothing is left behind', async () => {
    const spec = { mqtt: { url: 'mqtt://a', sessionExpiry: '0s' } };
    expect(await look({ spec, objects: [] })).toMatchObject({ gone: true, done: [] });
  });
});

// `kubectl delete --cascade=orphan` stopped the Pods, drained the sessions and ended them.
describe('a bridge that is deleted as an orphan', () => {
  it.each([
    ['while the garbage collector is at work', { finalizers: ['orphan'], objects: [kit, statefulSet] }],
    ['when it has done its work', { objects: [kit, loose(statefulSet)] }],
  ])('leaves everything as it is: %s', async (_, stage: Stage) => {
    const { gone, done, events } = await look(stage);
    expect([gone, done]).toEqual([true, []]);
    expect(events).toEqual([expect.stringMatching(/^Orphaned/)]);
  });
});
