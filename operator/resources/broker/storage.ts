/**
 * What a broker keeps its sessions on: a volume of each Pod's own when the document says how large, else one that goes with the Pod. The former
 * outlive the bridge, as Kubernetes has it by itself: what waits in them may be delivered by a bridge that is made again.
 */
import { bytes } from '../../../api/units.ts';
import type { Pipeline } from '../pipeline.ts';

type Fields = Readonly<Record<string, unknown>>;

const name = 'data';

/** @param folder where the broker keeps its data */
export function dataStorage(
  { document }: Pipeline,
  folder: string,
): { statefulSet: Fields; volumes: Fields[]; mount: Fields } {
  const { storage } = document.spec.mqtt.broker!;
  const mount = { name, mountPath: folder };
  if (storage === undefined) return { statefulSet: {}, volumes: [{ name, emptyDir: {} }], mount };
  const claim = {
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: `${bytes(storage)}` } } },
  };
  return { statefulSet: { volumeClaimTemplates: [claim] }, volumes: [], mount };
}

/** The broker's certificate, when it has one. */
export function tlsVolume({ document }: Pipeline): { volumes: Fields[]; mounts: Fields[] } {
  const { tls } = document.spec.mqtt.broker!;
  if (tls === undefined) return { volumes: [], mounts: [] };
  const items = Object.values(tlsFiles).map(file => ({ key: file, path: file }));
  return {
    volumes: [{ name: 'tls', secret: { secretName: tls.secretName, defaultMode: 0o440, items } }],
    mounts: [{ name: 'tls', mountPath: tlsFolder, readOnly: true }],
  };
}

/** The keys of a Secret of the type kubernetes.io/tls. */
const tlsFiles = { cert: 'tls.crt', key: 'tls.key' } as const;
const tlsFolder = '/run/mkb/tls';

/** Paths in the Pod. */
export const certFile = `${tlsFolder}/${tlsFiles.cert}`;
export const keyFile = `${tlsFolder}/${tlsFiles.key}`;
