/** The volumes of a part that keeps data: one of each Pod's own, in the way a StatefulSet has them. */
import { bytes } from '../../api/units.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface VolumeSection {
  readonly storage?: string | undefined;
  readonly storageClassName?: string | undefined;
  readonly persistentVolumeClaimRetentionPolicy: {
    readonly whenDeleted: 'Retain' | 'Delete';
    readonly whenScaled: 'Retain' | 'Delete';
  };
}

/** The name that a Pod's containers mount it by; a claim's is this, a dash and the name of the Pod. */
export const dataVolume = 'data';

/** Fields of the StatefulSet's `spec`; none without `storage`. */
export function volumeClaims(section: VolumeSection): Fields {
  const { storage, storageClassName, persistentVolumeClaimRetentionPolicy } = section;
  if (storage === undefined) return {};
  const claim = {
    metadata: { name: dataVolume },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: `${bytes(storage)}` } },
    },
  };
  return { volumeClaimTemplates: [claim], persistentVolumeClaimRetentionPolicy };
}
