/** A bridge with a buffer on disk was refused by the operator: QoS 0 was lost whenever Kafka was away for long, in Kubernetes alone. */
import { describe, expect, it } from 'vitest';
import { bufferClaimName } from '../../../operator/resources/buffer-volume.ts';
import { desiredObjects } from '../../../operator/resources/desired-objects.ts';
import { lastDrains } from '../../../operator/resources/drain.ts';
import type { KitNote } from '../../../operator/resources/kit-note.ts';
import { sessionIdentity } from '../../../operator/resources/session-identity.ts';
import { objectOf, pipelineOf } from '../support/pipelines.ts';
import { documentIn } from '../support/resources.ts';

const gibi = 2 ** 30;
const disk = { mode: 'disk', path: '/var/lib/mkb', maxBytes: '4GiB' };
const specOf = ({ buffer = {}, bridge = {}, mqtt = {} }: Record<string, object> = {}) => ({
  mqtt: { url: 'mqtt://a', share: 'g', ...mqtt },
  delivery: { buffer: { ...disk, ...buffer } },
  bridge: { replicas: 2, ...bridge },
});
const volume = { path: '/var/lib/mkb', bytes: 5 * gibi };
const note = (more: Partial<KitNote> = {}): KitNote => ({
  identity: { broker: ['mqtt://a:1883'], clientId: 'old', share: 'g' },
  ...{ files: {}, oldFilters: [], filters: '', groupId: '', topics: [], content: '' },
  volume,
  ...more,
});
const claims = (...ordinals: number[]) => new Set(ordinals.map(ordinal => bufferClaimName('cars', ordinal)));
// biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any kind
const podOf = (object: any) => object.spec.template.spec;
const mountsOf = (object: object) =>
  podOf(object).containers[0].volumeMounts.filter(({ name }: { name: string }) => name === 'data');

describe('a buffer on disk', () => {
  const objects = (parts?: Record<string, object>) => desiredObjects(pipelineOf(specOf(parts)));
  const statefulSet = (parts?: Record<string, object>) => objectOf(objects(parts), 'StatefulSet', 'cars-bridge');

  it('has a volume for each replica, which neither scaling nor the end of the bridge deletes', () => {
    const made = statefulSet();
    expect(made.spec.volumeClaimTemplates).toEqual([
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: `${5 * gibi + 64 * 2 ** 20}` } } },
      },
    ]);
    expect(made.spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
    expect(mountsOf(made)).toEqual([{ name: 'data', mountPath: '/var/lib/mkb' }]);
    // The folder of a new volume is root's, and the bridge is not root.
    expect(podOf(made).securityContext).toMatchObject({ runAsUser: 1000, fsGroup: 1000 });
  });

  it('has the size and class that the document gives', () => {
    const [claim] = statefulSet({ bridge: { storage: '8GiB', storageClassName: 'fast' } }).spec.volumeClaimTemplates;
    expect(claim.spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: `${8 * gibi}` } } });
  });

  it('is not counted as memory', () => {
    const memory = (maxBytes: string) => podOf(statefulSet({ buffer: { maxBytes } })).containers[0].resources;
    expect(memory('4GiB')).toEqual(memory('1TiB'));
    expect(memory('4GiB')).toMatchObject({ requests: { memory: '224Mi' }, limits: { memory: '576Mi' } });
  });

  it('is encrypted with a key from a Secret', () => {
    const encryptionKey = { valueFrom: { secretKeyRef: { name: 'buffer', key: 'key' } } };
    const made = statefulSet({ buffer: { encryptionKey } });
    expect(podOf(made).volumes).toContainEqual(
      expect.objectContaining({ secret: expect.objectContaining({ secretName: 'buffer' }) }),
    );
  });

  it('is no volume where it is in memory', () => {
    const made = objectOf(desiredObjects(pipelineOf({ mqtt: { url: 'mqtt://a' } })), 'StatefulSet', 'cars-bridge');
    expect(made.spec).not.toHaveProperty('volumeClaimTemplates');
    expect(mountsOf(made)).toEqual([]);
  });

  it.each([
    'var/lib',
    '/',
    '/etc/mkb',
    '/run/mkb/secrets',
    '/etc',
    '/var/../etc',
    '/a b',
    '/a//b',
    '/run',
    '/app/x',
  ])('cannot be at %s', path => {
    expect(() => pipelineOf(specOf({ buffer: { path } }))).toThrow(/volume cannot be mounted .* \/var\/lib\/mkb/);
  });

  it.each<[Record<string, object>, RegExp]>([
    [{ bridge: { storage: '3GiB' } }, /`storage` is 3GiB/],
    [{ buffer: { mode: 'memory', path: undefined! }, bridge: { storage: '8GiB' } }, /`storage` is given, and/],
    [
      { buffer: { mode: 'memory', path: undefined! }, bridge: { storageClassName: 'a' } },
      /`storageClassName` is given, and/,
    ],
  ])('refuses %j', (parts, why) => {
    expect(() => pipelineOf(JSON.parse(JSON.stringify(specOf(parts))))).toThrow(why);
  });

  it('is something to be drained, also of a bridge whose session ends with its connection', () => {
    const document = (buffer: object) =>
      documentIn({ mqtt: { url: 'mqtt://a', sessionExpiry: '0s' }, delivery: { buffer } } as never);
    expect(sessionIdentity(document(disk))).toBeDefined();
    expect(sessionIdentity(document({}))).toBeUndefined();
  });
});

describe('the drain of a replica', () => {
  const jobsOf = (spec: Parameters<typeof pipelineOf>[0], observed: object) =>
    desiredObjects(pipelineOf(spec, { observed })).filter(({ kind }) => kind === 'Job');
  const argsOf = (job: object): string[] => podOf(job).containers[0].args;
  const claimOf = (job: object) =>
    podOf(job).volumes.find(({ name }: { name: string }) => name === 'data')?.persistentVolumeClaim;

  it('that was scaled away has the volume of that replica', () => {
    const [job] = jobsOf(specOf(), { sessions: 3, claims: claims(0, 1, 2) });
    expect(claimOf(job!)).toEqual({ claimName: 'data-cars-bridge-2' });
    expect(mountsOf(job!)).toEqual([{ name: 'data', mountPath: '/var/lib/mkb' }]);
    expect(argsOf(job!)).not.toContain('--no-buffer');
  });

  // Its Pod would have waited for the volume until the time was up, again and again, and its session with it.
  it('that never had a volume does not wait for one', () => {
    const [job] = jobsOf(specOf(), { sessions: 3, claims: claims(0, 1) });
    expect(claimOf(job!)).toBeUndefined();
    expect(argsOf(job!)).toContain('--no-buffer');
  });

  it('of a bridge that is deleted has its volume', () => {
    const jobs = lastDrains(pipelineOf(specOf(), { observed: { claims: claims(0, 1) } }), note(), 2);
    expect(jobs.map(claimOf)).toEqual([{ claimName: 'data-cars-bridge-0' }, { claimName: 'data-cars-bridge-1' }]);
  });

  // Two Pods would have had one volume: on two nodes the second never starts.
  it('of an older client id leaves the volume to the replica that has it now', () => {
    const left = [{ kit: 'cars-sessions-0a1b2c', note: note({ left: [0, 1] }) }];
    const jobs = jobsOf(specOf(), { sessions: 2, left, claims: claims(0, 1) });
    expect(jobs.map(claimOf)).toEqual([undefined, undefined]);
    for (const job of jobs) expect(argsOf(job)).toContain('--no-buffer');
  });

  it('has the volume that no replica comes back for, as the bridge shares no more', () => {
    const left = [{ kit: 'cars-sessions-0a1b2c', note: note({ left: [0, 1] }) }];
    const { share: _, ...mqtt } = specOf().mqtt;
    const jobs = jobsOf({ ...specOf(), mqtt, bridge: {} }, { sessions: 1, left, claims: claims(0, 1) });
    expect(jobs.map(claimOf)).toEqual([undefined, { claimName: 'data-cars-bridge-1' }]);
  });
});
