/** A reflector and a real API server that is killed, whose history is forgotten, and that is reached over a network that freezes. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../../../operator/runtime/client.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { type ChaosProxy, startChaosProxy } from '../../support/chaos-proxy.ts';
import { configThrough, configMapKind as kind, type RealApi, startRealApi } from '../support/real-api.ts';
import { type Reflected, type ReflectedOptions, startReflector } from '../support/reflected.ts';

describeReal('kubernetes')('a reflector', () => {
  let api: RealApi;
  let proxy: ChaosProxy;
  let reflected: Reflected | undefined;

  beforeAll(async () => {
    api = await startRealApi();
    proxy = await startChaosProxy(Number(new URL(api.kubernetes.server).port));
  });

  afterAll(async () => {
    await proxy?.close();
    await api?.kubernetes.stop();
  });

  afterEach(async () => {
    proxy.accept();
    proxy.thaw();
    await reflected?.stop();
  });

  let namespaces = 0;
  /** A namespace of its own, so that one test does not see what another has made. */
  async function newNamespace(): Promise<string> {
    const name = `space-${namespaces++}`;
    await api.kubernetes.kubectl(['create', 'namespace', name]);
    return name;
  }

  const start = (namespace: string, options: ReflectedOptions = {}) => {
    const { kubernetes } = api;
    const started = startReflector({ config: configThrough(proxy.port, kubernetes) }, { kind, namespace, ...options });
    reflected = started;
    return started;
  };
  const configMap = (namespace: string, name: string, at = 0): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: { at: `${at}` },
  });
  const write = (namespace: string, name: string, at = 0) =>
    api.client.apply(kind, configMap(namespace, name, at), { fieldManager: 'test', force: true });
  const remove = (namespace: string, name: string) => api.client.delete(kind, { namespace, name });

  /** What the server has, as `Reflected.known` has it. */
  async function there(namespace: string): Promise<string[]> {
    const { items } = await api.client.list(kind, { namespace });
    return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`).sort();
  }
  /** Waits until the reflector knows what the server has, and then looks whether it has told just that. */
  async function hasMissedNothing(namespace: string): Promise<void> {
    const wanted = (await there(namespace)).join();
    await until('the store to be as the server is', () => reflected!.known().join() === wanted);
    const told = new Map<string, string>();
    for (const change of reflected!.told) {
      const [type, name, version] = change.split(' ') as [string, string, string];
      expect([change, told.has(name)]).toEqual([change, type !== 'added']);
      if (type === 'deleted') told.delete(name);
      else told.set(name, version);
    }
    expect([...told].map(([name, version]) => `${name} ${version}`).sort()).toEqual(reflected!.known());
  }

  it('misses nothing while the API server is killed and comes back, again and again', async () => {
    const namespace = await newNamespace();
    const { missed } = start(namespace, { watchSeconds: 1, compareEvery: 1 });
    let writing = true;
    let written = 0;
    const writer = (async () => {
      while (writing) {
        const name = `thing-${written % 20}`;
        const work = written % 7 === 0 ? remove(namespace, name) : write(namespace, name, written);
        if (
          await work.then(
            () => true,
            () => false,
          )
        )
          written++;
      }
    })();
    for (const until100 of [100, 200]) {
      await until('some writing', () => written > until100);
      await api.kubernetes.restartApiServer();
    }
    await until('some more writing', () => written > 300);
    writing = false;
    await writer;
    await hasMissedNothing(namespace);
    expect(missed).toEqual([]);
  });

  it('misses nothing when what it has not seen is forgotten by the server: it lists again', async () => {
    const namespace = await newNamespace();
    for (const name of ['changes', 'goes', 'stays']) await write(namespace, name);
    let listed = 0;
    const { told } = start(namespace, { onListed: () => listed++ });
    await until('the list', () => listed === 1);
    proxy.refuse();
    proxy.cut('reset');
    await write(namespace, 'changes', 1);
    await write(namespace, 'comes');
    await remove(namespace, 'goes');
    await write(namespace, 'comes-and-goes');
    await remove(namespace, 'comes-and-goes');
    await api.kubernetes.compactEtcd();
    // Its cache remembers longer than etcd does.
    await api.kubernetes.restartApiServer();
    proxy.accept();
    await until('another list', () => listed === 2);
    await hasMissedNothing(namespace);
    expect(
      told
        .slice(3)
        .map(change => change.split(' ').slice(0, 2).join(' '))
        .sort(),
    ).toEqual(['added comes', 'deleted goes', 'modified changes']);
  });

  it('misses nothing when its connection freezes, and does not wait for it to thaw', async () => {
    const namespace = await newNamespace();
    await write(namespace, 'before');
    let listed = 0;
    const { reflector } = start(namespace, { silenceMs: 500, timeoutMs: 500, onListed: () => listed++ });
    await reflector.synced;
    const taken = proxy.taken;
    proxy.freeze();
    await write(namespace, 'meanwhile');
    await remove(namespace, 'before');
    await until('two more connections', () => proxy.taken >= taken + 2);
    expect(reflector.store.size).toBe(1);
    proxy.thaw();
    await hasMissedNothing(namespace);
    expect(listed).toBe(1);
  });

  it('pages through 5,000 objects, and finds nothing missed among them', async () => {
    const namespace = await newNamespace();
    const many = 5000;
    let next = 0;
    const creator = async () => {
      while (next < many) await api.client.create(kind, configMap(namespace, `thing-${next++}`));
    };
    await Promise.all(Array.from({ length: 20 }, creator));
    const { reflector, missed, stop } = start(namespace, { userAgent: 'pager', watchSeconds: 1, compareEvery: 1 });
    await reflector.synced;
    const ofNamespace = () =>
      reflector.store.list().filter(({ metadata }) => metadata.name.startsWith('thing-')).length;
    expect(ofNamespace()).toBe(many);
    const lists = async () =>
      (await api.kubernetes.audit()).filter(({ userAgent, verb }) => userAgent === 'pager' && verb === 'list').length;
    // The first list is one page of the server's cache; the comparison reads ten of etcd.
    await until('a comparison', async () => (await lists()) >= 1 + many / 500, { everyMs: 200 });
    await stop();
    expect([missed, ofNamespace()]).toEqual([[], many]);
    const client = new ApiClient(api.kubernetes.config);
    expect(await client.list(kind, { namespace, limit: 500 })).toMatchObject({ remaining: expect.any(Number) });
  });
});
