/**
 * What a broker keeps its sessions on: a volume of each Pod's own when the document says how large, else one that goes with the Pod. The former
 * outlive the bridge unless its document says otherwise: what waits in them may be delivered by a bridge that is made again.
 */
import type { Pipeline } from '../pipeline.ts';
import { dataVolume, volumeClaims } from '../volume-claims.ts';

type Fields = Readonly<Record<string, unknown>>;

/** @param folder where the broker keeps its data */
export function dataStorage(
  { document }: Pipeline,
  folder: string,
): { statefulSet: Fields; volumes: Fields[]; mount: Fields } {
  const broker = document.spec.mqtt.broker!;
  return {
    statefulSet: volumeClaims(broker),
    volumes: broker.storage === undefined ? [{ name: dataVolume, emptyDir: {} }] : [],
    mount: { name: dataVolume, mountPath: folder },
  };
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
