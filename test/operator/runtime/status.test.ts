import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { type Condition, setCondition, writeStatus } from '../../../operator/runtime/status.ts';
import { describeReal } from '../../real/require.ts';
import { type RealApi, startRealApi } from '../support/real-api.ts';
import { thingKind } from '../support/scripted-api.ts';

const noon = new Date('2026-01-01T12:00:00.750Z');
const evening = new Date('2026-01-01T20:00:00.001Z');
const ready = (status: Condition['status'], reason = 'AllReady') => ({
  type: 'Ready',
  status,
  reason,
  message: `because of ${reason}`,
});

describe('a condition', () => {
  it('has a time without fractions, which the server would cut off', () => {
    expect(setCondition([], ready('True'), noon)).toEqual([
      { ...ready('True'), lastTransitionTime: '2026-01-01T12:00:00Z' },
    ]);
  });

  it('keeps its time while its status is the same, whatever its reason', () => {
    const before = setCondition([], ready('False', 'Starting'), noon);
    const [after] = setCondition(before, { ...ready('False', 'Failing'), observedGeneration: 2 }, evening);
    expect(after).toMatchObject({
      reason: 'Failing',
      observedGeneration: 2,
      lastTransitionTime: '2026-01-01T12:00:00Z',
    });
  });

  it('takes the time of the change when its status changes', () => {
    const [after] = setCondition(setCondition([], ready('False'), noon), ready('True'), evening);
    expect(after!.lastTransitionTime).toBe('2026-01-01T20:00:00Z');
  });

  it('is there once, in its place, and leaves the others as they are', () => {
    const type = fc.constantFrom('A', 'B', 'C', 'D');
    const status = fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const);
    fc.assert(
      fc.property(fc.array(fc.record({ type, status })), steps => {
        let conditions: Condition[] = [];
        for (const step of steps) {
          const before = structuredClone(conditions);
          const next = setCondition(conditions, { ...ready(step.status), type: step.type }, noon);
          expect(conditions).toEqual(before);
          expect(next.filter(each => each.type !== step.type)).toEqual(before.filter(each => each.type !== step.type));
          expect(next.filter(each => each.type === step.type).map(each => each.status)).toEqual([step.status]);
          const order = next.map(each => each.type);
          expect(order.slice(0, before.length)).toEqual(before.map(each => each.type));
          conditions = next;
        }
      }),
    );
  });
});

describeReal('kubernetes')('a status', () => {
  let api: RealApi;

  beforeAll(async () => {
    api = await startRealApi();
  });

  afterAll(async () => {
    await api?.kubernetes.stop();
  });

  let made = 0;
  /** A new thing, as it is on the server. */
  async function newThing(name = `thing-${made++}`): Promise<KubeObject> {
    const { apiVersion, kind } = thingKind;
    const object = { apiVersion, kind, metadata: { name, namespace: 'default' }, spec: { color: 'red' } };
    await api.client.create(thingKind, object);
    return api.now(thingKind, name);
  }
  const write = (object: KubeObject, status: object, client = api.client) =>
    writeStatus(client, thingKind, object, status, { fieldManager: 'us' });
  const again = ({ metadata }: KubeObject) => api.now(thingKind, metadata.name);
  const statusByOthers = ({ metadata: { name, namespace } }: KubeObject, status: object) =>
    api.kubernetes.kubectl(
      ['apply', '--server-side', '--subresource=status', '--field-manager=others', '-f', '-'],
      JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name, namespace }, status }),
    );

  it('is written when it says something new, and touches neither spec nor generation', async () => {
    const before = await newThing();
    expect(await write(before, { phase: 'Running' })).toBe(true);
    const after = await again(before);
    expect(after.status).toMatchObject({ phase: 'Running' });
    expect([after.spec, after.metadata.generation]).toEqual([before.spec, before.metadata.generation]);
  });

  it('is not written when it says nothing new, whatever the order of its fields', async () => {
    const object = await newThing();
    await write(object, { checked: 'now', phase: 'Running', parts: { a: 1, b: 2 } });
    const observed = await again(object);
    const same = { parts: { b: 2, a: 1 }, phase: 'Running', checked: 'now', reason: undefined };
    expect(await api.counting(() => write(observed, same))).toEqual([false, 0]);
    expect((await again(object)).metadata.resourceVersion).toBe(observed.metadata.resourceVersion);
  });

  it('loses a field that it does not name any more', async () => {
    const object = await newThing();
    await write(object, { phase: 'Failed', reason: 'TooLarge' });
    await write(await again(object), { phase: 'Running' });
    expect((await again(object)).status).toEqual({ phase: 'Running', checked: 'never' });
  });

  // A default of the schema, or a field of another controller, made the two different for ever: one write for each look at the object.
  it('is not written again for what the server has added to it', async () => {
    const object = await newThing();
    expect(await api.counting(() => write(object, { phase: 'Running' }))).toEqual([true, 1]);
    const observed = await again(object);
    expect(observed.status).toEqual({ phase: 'Running', checked: 'never' });
    expect(await api.counting(() => write(observed, { phase: 'Running' }))).toEqual([false, 0]);
    expect(await api.counting(() => write(observed, { phase: 'Stopped' }))).toEqual([true, 1]);
  });

  it('leaves fields of others alone, and is written once for a change of theirs at most', async () => {
    const object = await newThing();
    await statusByOthers(object, { scale: 3 });
    await write(await again(object), { phase: 'Running' });
    expect(await api.counting(async () => write(await again(object), { phase: 'Running' }))).toEqual([false, 1]);
    await statusByOthers(object, { scale: 4 });
    const observed = await again(object);
    expect(await write(observed, { phase: 'Running' })).toBe(true);
    expect(await api.counting(() => write(observed, { phase: 'Running' }))).toEqual([false, 0]);
    expect((await again(object)).status).toEqual({ phase: 'Running', scale: 4, checked: 'never' });
  });

  it('that somebody has changed is written again', async () => {
    const object = await newThing();
    await write(object, { phase: 'Running' });
    const patch = ['patch', 'thing', object.metadata.name, '--subresource=status', '--type=merge'];
    await api.kubernetes.kubectl([...patch, '-p', '{"status":{"phase":"Wrong"}}']);
    expect(await write(await again(object), { phase: 'Running' })).toBe(true);
    expect((await again(object)).status).toMatchObject({ phase: 'Running' });
  });

  it('is written once more after a start of the process, and then never again', async () => {
    const object = await newThing();
    await write(object, { phase: 'Running' });
    const observed = await again(object);
    const client = api.newClient();
    expect(await write(observed, { phase: 'Running' }, client)).toBe(true);
    expect(await write(await again(object), { phase: 'Running' }, client)).toBe(false);
    expect((await again(object)).metadata.resourceVersion).toBe(observed.metadata.resourceVersion);
  });

  it('is written although somebody has changed the object since it was observed', async () => {
    const object = await newThing();
    await api.kubernetes.kubectl(['label', 'thing', object.metadata.name, 'team=a']);
    expect(await write(object, { phase: 'Running' })).toBe(true);
    expect((await again(object)).status).toMatchObject({ phase: 'Running' });
  });

  // The server does not look at the uid in an apply to a status, and a new object began with what had been found of an old one.
  it('is not written to another object that has the name by now', async () => {
    const old = await newThing();
    await api.client.delete(thingKind, old.metadata);
    await expect(write(old, { phase: 'Running' })).rejects.toMatchObject({ code: 'kube-not-found' });
    const other = await newThing(old.metadata.name);
    await expect(write(old, { phase: 'Running' })).rejects.toMatchObject({ code: 'kube-conflict' });
    expect((await again(other)).status).toBeUndefined();
  });
});
