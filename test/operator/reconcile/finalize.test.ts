import { describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { defaultConfiguration } from '../../../operator/configuration.ts';
import type { Cluster } from '../../../operator/observed/cluster.ts';
import { checkResource } from '../../../operator/reconcile/document.ts';
import { finalize } from '../../../operator/reconcile/finalize.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { resourceOf } from '../support/resources.ts';

const deletedAt = '2026-01-01T00:00:00Z';
const metadata = { namespace: 'shop', uid: 'u' };
const own = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { ...metadata, name },
  ...more,
});
const job = (ordinal: number, status: object) => own('Job', `cars-drain-${ordinal}`, { status });
const configMap = own('ConfigMap', 'cars-bridge');
const statefulSet = own('StatefulSet', 'cars-bridge', { spec: { replicas: 2 } });
const pod = own('Pod', 'cars-bridge-0', {
  metadata: { ...metadata, name: 'p', labels: { 'app.kubernetes.io/component': 'bridge' } },
});
const succeeded = { succeeded: 1 };
const failed = { conditions: [{ type: 'Failed', status: 'True' }] };

interface Stage {
  readonly objects?: readonly KubeObject[];
  readonly pods?: readonly KubeObject[];
  readonly seconds?: number;
  readonly spec?: Parameters<typeof resourceOf>[0];
  readonly applyFails?: unknown;
}

/** One look at a deleted bridge with two sessions, in a cluster that holds these objects. */
async function look({ objects = [configMap], pods = [], seconds = 1, spec, applyFails }: Stage) {
  const done: string[] = [];
  const note = (verb: string) => async (kind: ResourceKind, key: { name?: string; metadata?: { name: string } }) => {
    if (verb === 'apply' && kind.kind === 'Job' && applyFails) throw applyFails;
    done.push(`${verb} ${kind.kind} ${key.name ?? key.metadata!.name}`);
    return {};
  };
  const get = (kind: ResourceKind) => ({
    get: ({ name }: { name: string }) => objects.find(each => each.kind === kind.kind && each.metadata.name === name),
    byOwner: () => objects.filter(each => each.kind === kind.kind),
  });
  const cluster = {
    client: { delete: note('delete'), patch: note('patch'), apply: note('apply'), get: async () => undefined },
    of: get,
    observed: () => undefined,
    watches: () => true,
    wasMade: () => false,
    madeFor: () => objects,
    pods: { byIndex: () => pods },
    apis: async () => ({ prometheusOperator: false, strimzi: undefined }),
  } as unknown as Cluster;
  const events: string[] = [];
  const resource = resourceOf(spec ?? { mqtt: { url: 'mqtt://a', share: 's' }, bridge: { replicas: 2 } }, {
    metadata: {
      ...metadata,
      name: 'cars',
      generation: 1,
      resourceVersion: '1',
      deletionTimestamp: deletedAt,
      finalizers: ['mqttkafka.dev/sessions'],
    },
    status: { sessions: 2 },
  });
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const context = {
    cluster,
    settings: defaultConfiguration(),
    verdicts: { of: () => undefined, kept: () => undefined, forget: () => undefined },
    figures: () => ({ connections: { mqtt: undefined, kafka: undefined }, flow: undefined }),
    events: {
      record: (_: unknown, { reason, message }: { reason: string; message: string }) =>
        events.push(`${reason}: ${message}`),
    },
    log,
    onCorrected: () => undefined,
    onRestored: () => undefined,
    newPassword: () => 'p',
    now: () => new Date(Date.parse(deletedAt) + seconds * 1000),
    resyncMs: 1000,
    random: () => 0.5,
  };
  const document = checkResource(resource, 1).document;
  const result = await finalize(context, resource, document, new AbortController().signal);
  const gone = done.includes('patch MqttKafkaBridge cars');
  return { done: done.filter(each => !each.includes('MqttKafkaBridge')), events, gone, result };
}

describe('the end of a bridge', () => {
  it('begins with its Pods: a session is drained when nobody uses it', async () => {
    expect(await look({ objects: [configMap, statefulSet], pods: [pod] })).toMatchObject({
      done: ['delete StatefulSet cars-bridge'],
      gone: false,
    });
    expect(await look({ pods: [pod] })).toMatchObject({ done: [], gone: false });
  });

  it('goes on with a drain of each session', async () => {
    const { done, gone, result } = await look({});
    expect(done).toEqual(['apply Job cars-drain-0', 'apply Job cars-drain-1']);
    expect(gone).toBe(false);
    expect(result?.requeueAfterMs).toBeGreaterThan(0);
    expect(await look({ objects: [configMap, job(0, succeeded), job(1, {})] })).toMatchObject({
      done: [],
      gone: false,
    });
  });

  it('has come when all of them are drained', async () => {
    const { gone, events } = await look({ objects: [configMap, job(0, succeeded), job(1, succeeded)] });
    expect(gone).toBe(true);
    expect(events).toEqual(['Drained: 2 sessions at the MQTT broker were drained and ended.']);
  });

  it('has come although drains failed, and says which', async () => {
    const { gone, events } = await look({ objects: [configMap, job(0, succeeded), job(1, failed)] });
    expect(gone).toBe(true);
    expect(events).toEqual([expect.stringMatching(/^NotDrained: .*the drains of the replicas 1 failed/)]);
  });

  it.each([
    ['Pods that do not go', { pods: [pod] }],
    ['drains that do not end', { objects: [configMap, job(0, {}), job(1, {})] }],
    ['an API server that takes nothing', { applyFails: new MkbError('kube-overloaded', { action: 'a', reason: 'b' }) }],
  ])('comes after a minute, whatever happens: %s', async (_, stage: Stage) => {
    expect(await look({ ...stage, seconds: 59 })).toMatchObject({ gone: false, events: [] });
    const { gone, events } = await look({ ...stage, seconds: 61 });
    expect(gone).toBe(true);
    expect(events).toEqual([expect.stringMatching(/^NotDrained: Sessions .* are left behind/)]);
  });

  it.each([
    [
      'the namespace is being deleted',
      { applyFails: new MkbError('kube-namespace-ending', { action: 'a', reason: 'b' }) },
    ],
    ['we are at fault', { applyFails: new TypeError('x is not a function') }],
    ['what it ran from is gone', { objects: [] }],
  ])('comes at once when %s', async (_, stage: Stage) => {
    expect(await look(stage)).toMatchObject({ gone: true, events: [expect.stringMatching(/^NotDrained/)] });
  });

  it('comes at once when nothing is left behind', async () => {
    const spec = { mqtt: { broker: { kind: 'mosquitto' } } };
    expect(await look({ spec })).toMatchObject({ gone: true, done: [] });
  });
});
