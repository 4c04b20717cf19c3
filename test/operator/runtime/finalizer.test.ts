import { afterAll, beforeAll, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { addFinalizer, removeFinalizer } from '../../../operator/runtime/finalizer.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { describeReal } from '../../real/require.ts';
import { configMapKind as kind, type RealApi, startRealApi } from '../support/real-api.ts';

const ours = 'example.com/ours';
const theirs = 'example.com/theirs';

describeReal('kubernetes')('a finalizer', () => {
  let api: RealApi;

  beforeAll(async () => {
    api = await startRealApi();
  });

  afterAll(async () => {
    await api?.kubernetes.stop();
  });

  let made = 0;
  const newObject = (...finalizers: string[]): Promise<KubeObject> =>
    api.client.create(kind, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `thing-${made++}`, namespace: 'default', finalizers },
    });
  const now = ({ metadata }: KubeObject) => api.now(kind, metadata.name);
  const finalizersOf = async (object: KubeObject) => (await now(object)).metadata.finalizers ?? [];
  const add = (object: KubeObject, name = ours) => addFinalizer(api.client, kind, object, name);
  const remove = (object: KubeObject, name = ours) => removeFinalizer(api.client, kind, object, name);
  const label = ({ metadata }: KubeObject) =>
    api.kubernetes.kubectl(['label', 'configmap', metadata.name, `at=n${made++}`, '--overwrite']);

  it('is added once, beside those of others', async () => {
    for (const others of [[], [theirs]]) {
      const object = await newObject(...others);
      const added = await add(object);
      expect(added.metadata.finalizers).toEqual([...others, ours]);
      expect(await finalizersOf(object)).toEqual([...others, ours]);
      expect(await api.counting(() => add(added))).toEqual([added, 0]);
    }
  });

  it('is not added to what has changed since it was observed', async () => {
    for (const others of [[], [theirs]]) {
      const object = await newObject(...others);
      await label(object);
      await expect(add(object)).rejects.toMatchObject({ code: 'kube-conflict', kind: 'retryable' });
      expect(await finalizersOf(object)).toEqual(others);
    }
  });

  it('is not added to what is being deleted', async () => {
    const object = await newObject(theirs);
    await api.client.delete(kind, object.metadata);
    await expect(add(await now(object))).rejects.toMatchObject({ code: 'kube-invalid' });
    expect(await finalizersOf(object)).toEqual([theirs]);
  });

  it('is taken out alone, wherever it stands', async () => {
    for (const all of [
      [ours, theirs],
      [theirs, ours],
      ['a.example.com/a', ours, theirs],
    ]) {
      const object = await newObject(...all);
      await remove(object);
      expect(await finalizersOf(object)).toEqual(all.filter(name => name !== ours));
    }
  });

  it('that is not there is not taken out, and nothing is asked', async () => {
    const object = await newObject(theirs);
    expect(await api.counting(() => remove(object))).toEqual([object, 0]);
  });

  it('of somebody else that has taken the place of ours since is not taken out', async () => {
    const object = await newObject(ours, theirs);
    await remove(object);
    expect(await finalizersOf(object)).toEqual([theirs]);
    // Ours was the first; now theirs is.
    await expect(remove(object)).rejects.toMatchObject({ code: 'kube-conflict' });
    expect(await finalizersOf(object)).toEqual([theirs]);
  });

  // A place in the list that was not there any more made a patch that makes no sense, which is an error that is not retried: the object that
  // was being deleted stayed.
  it('that stands elsewhere since, because others have gone, can be tried again', async () => {
    const object = await newObject('a.example.com/a', theirs, ours);
    await remove(await now(object), 'a.example.com/a');
    await remove(await now(object), theirs);
    await expect(remove(object)).rejects.toMatchObject({ code: 'kube-conflict', kind: 'retryable' });
    await remove(await now(object));
    expect(await finalizersOf(object)).toEqual([]);
    const other = await newObject(theirs);
    await remove(await now(other), theirs);
    await expect(add(other)).rejects.toMatchObject({ code: 'kube-conflict', kind: 'retryable' });
  });

  it('lets a deleted object go when the last one is taken out, and that it is gone is no error', async () => {
    const object = await newObject(ours);
    await api.client.delete(kind, object.metadata);
    const deleted = await now(object);
    expect(deleted.metadata.deletionTimestamp).toBeDefined();
    await remove(deleted);
    expect(await now(object)).toBeUndefined();
    await remove(deleted);
  });

  it('of another object that has the name by now is not taken out', async () => {
    const object = await newObject(ours);
    await api.client.delete(kind, object.metadata);
    await remove(await now(object));
    const { name, namespace } = object.metadata;
    await api.client.create(kind, { ...object, metadata: { name, namespace, finalizers: [ours] } });
    await expect(remove(object)).rejects.toMatchObject({ code: 'kube-conflict' });
    expect(await finalizersOf(object)).toEqual([ours]);
  });

  it('of five that come and go at the same time is only ever touched by its own', async () => {
    const object = await newObject(theirs);
    /** Tries until nobody was there before. */
    const insist = async (change: (object: KubeObject) => Promise<unknown>): Promise<void> => {
      for (;;) {
        try {
          await change(await now(object));
          return;
        } catch (error) {
          if (!MkbError.is(error, 'kube-conflict')) throw error;
        }
      }
    };
    const actor = async (name: string, stays: boolean) => {
      for (let round = 0; round < 5; round++) {
        await insist(each => add(each, name));
        expect(await finalizersOf(object)).toEqual(expect.arrayContaining([theirs, name]));
        if (round < 4 || !stays) await insist(each => remove(each, name));
      }
    };
    const names = ['a', 'b', 'c', 'd', 'e'].map(letter => `example.com/${letter}`);
    await Promise.all(names.map((name, index) => actor(name, index < 2)));
    expect([...(await finalizersOf(object))].sort()).toEqual([...names.slice(0, 2), theirs]);
  });
});
