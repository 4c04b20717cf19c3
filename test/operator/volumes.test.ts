/** Volumes of a managed broker that grow, and those of buffers, on a real API server: its own admission says which may. */
import { beforeAll, expect, it } from 'vitest';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { stageForBridges } from './support/bridge-stage.ts';
import { bridge } from './support/stage.ts';

const storageClass = (name: string, allowVolumeExpansion: boolean) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'kubernetes.io/no-provisioner',
  allowVolumeExpansion,
});
const volume = (name: string, storageClassName: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName,
    hostPath: { path: '/nowhere' },
  },
});
const gibi = 2 ** 30;

describeReal('kubernetes', 'kwok')('the volumes of a bridge', () => {
  const stage = stageForBridges();

  beforeAll(async () => {
    const volumes = ['elastic', 'stiff'].flatMap(name => [0, 1].map(index => volume(`${name}-${index}`, name)));
    await stage.kubernetes.apply(storageClass('elastic', true), storageClass('stiff', false), ...volumes);
  });

  const withVolumes = (name: string, storage: string, more: object = {}) =>
    bridge(name, { mqtt: { broker: { kind: 'emqx', replicas: 2, storage, storageClassName: name, ...more } } });
  const claimsOf = async (name: string): Promise<KubernetesObject[]> =>
    JSON.parse(await stage.kubernetes.kubectl(['get', 'pvc', '-l', `app.kubernetes.io/instance=${name}`, '-o', 'json']))
      .items;
  const claims = async (name: string): Promise<number[]> =>
    (await claimsOf(name)).map(({ spec }) => Number(spec.resources.requests.storage));
  const statefulSet = (name: string) => stage.kubernetes.get('statefulset', `${name}-broker`);
  const pods = async (name: string): Promise<string[]> => {
    const found = await stage.kubernetes.kubectl([
      ...['get', 'pods', '-l', `app.kubernetes.io/instance=${name},app.kubernetes.io/component=broker`],
      ...['-o', 'jsonpath={.items[*].metadata.uid}'],
    ]);
    return found.split(' ').sort();
  };

  // A volume that was full could only be made larger by deleting the bridge and everything that waited in its sessions.
  it('grow in place, and no Pod of it ends', async () => {
    const deleted = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
    await stage.kubernetes.apply(withVolumes('elastic', '1GiB', deleted));
    await stage.look.reaches('elastic', 'BrokerReady', 'True', 'PodsReady');
    expect((await statefulSet('elastic'))!.spec.persistentVolumeClaimRetentionPolicy).toEqual({
      whenDeleted: 'Delete',
      whenScaled: 'Retain',
    });
    // The controller makes the StatefulSet the owner of its claims then: replacing it must not take them with it.
    const owned = await until('claims that belong to the StatefulSet', async () => {
      const found = await claimsOf('elastic');
      return found.every(({ metadata }) => metadata.ownerReferences?.length === 1) ? found : undefined;
    });
    const [before, uid] = [await pods('elastic'), (await statefulSet('elastic'))!.metadata.uid];
    await stage.kubernetes.apply(
      withVolumes('elastic', '3GiB', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } }),
    );
    await until('larger claims', async () => (await claims('elastic')).every((size: number) => size === 3 * gibi));
    const after = await until('the StatefulSet with larger claims', async () => {
      const found = await statefulSet('elastic');
      return found && found.metadata.uid !== uid && !found.metadata.deletionTimestamp ? found : undefined;
    });
    expect(after.spec.volumeClaimTemplates[0].spec.resources.requests.storage).toBe(`${3 * gibi}`);
    expect(after.spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Delete' });
    await stage.look.reaches('elastic', 'BrokerReady', 'True', 'PodsReady');
    expect(await pods('elastic')).toEqual(before);
    const uids = (found: KubernetesObject[]) => found.map(({ metadata }) => metadata.uid).sort();
    expect(uids(await claimsOf('elastic'))).toEqual(uids(owned));
  });

  it('stay as they are where their class does not let them, and the bridge says why', async () => {
    await stage.kubernetes.apply(withVolumes('stiff', '1GiB'));
    await stage.look.reaches('stiff', 'BrokerReady', 'True', 'PodsReady');
    const uid = (await statefulSet('stiff'))!.metadata.uid;
    await stage.kubernetes.apply(withVolumes('stiff', '2GiB'));
    const refused = await until('the reason', async () => {
      const { conditions } = await stage.look.status('stiff');
      return conditions.find(({ message }: { message: string }) => /data-stiff-broker-\d cannot grow/.test(message));
    });
    expect(refused.message).toMatch(/resize/);
    expect((await statefulSet('stiff'))!.metadata.uid).toBe(uid);
    expect(await claims('stiff')).toEqual([gibi, gibi]);
    // And heals as soon as it does.
    await stage.kubernetes.apply(storageClass('stiff', true));
    await stage.kubernetes.kubectl(['annotate', 'mkb', 'stiff', 'example.com/again=now']);
    await until('larger claims', async () => (await claims('stiff')).every((size: number) => size === 2 * gibi));
    await stage.look.reaches('stiff', 'Ready', 'True');
  });

  // Its StatefulSet could not change, and none of its Pods got a volume.
  it('are made for a bridge that gets a buffer on disk, and stay when it is scaled down and gives the buffer up', async () => {
    const name = 'roomy';
    await stage.kubernetes.apply(storageClass(name, true), ...[0, 1].map(index => volume(`${name}-${index}`, name)));
    const apply = (mode: string, replicas: number) =>
      stage.apply(name, {
        mqtt: { url: 'mqtt://broker', share: 'g' },
        delivery: { buffer: mode === 'disk' ? { mode, path: '/var/lib/mkb', maxBytes: '512MiB' } : { mode } },
        bridge: { replicas, ...(mode === 'disk' && { storageClassName: name }) },
      });
    const claimNames = async () => (await claimsOf(name)).map(({ metadata }) => metadata.name);
    const both = ['data-roomy-bridge-0', 'data-roomy-bridge-1'];
    await apply('memory', 2);
    await stage.look.reaches(name, 'Ready', 'True');
    const before = (await stage.pods(name)).map(({ metadata }) => metadata.uid);
    await apply('disk', 2);
    const after = await until('Pods with volumes', async () => {
      const pods = await stage.pods(name);
      const isNew = pods.length === 2 && pods.every(({ metadata }) => !before.includes(metadata.uid));
      return isNew && pods.every(({ status }) => status?.phase === 'Running') ? pods : undefined;
    });
    for (const { metadata, spec } of after)
      expect(spec.volumes).toContainEqual({
        name: 'data',
        persistentVolumeClaim: { claimName: `data-${metadata.name}` },
      });
    await stage.look.reaches(name, 'Ready', 'True');
    expect(await claimNames()).toEqual(both);
    await apply('disk', 1);
    const drain = await until('the drain', () => stage.kubernetes.get('job', 'roomy-drain-1'));
    expect(drain.spec.template.spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-roomy-bridge-1' },
    });
    expect(await claimNames()).toEqual(both);
    await apply('memory', 1);
    const { message } = await stage.look.reaches(name, 'Ready', 'False', 'DocumentInvalid');
    expect(message).toContain(
      'spec.delivery.buffer.mode: Messages that were acknowledged may wait on the volumes data-roomy-bridge-N',
    );
    expect((await stage.statefulSet(name))!.spec.volumeClaimTemplates).toHaveLength(1);
  });
});
