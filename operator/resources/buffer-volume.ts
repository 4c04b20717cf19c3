/**
 * The volume of a buffer on disk (`delivery.buffer.mode: disk`): one of each replica, made by its StatefulSet.
 *
 * What waits on it was acknowledged and is nowhere else, so nothing that the operator does deletes it: neither scaling nor the end of the bridge. A replica that does not come
 * back is drained with its volume (drain.ts). The empty volume stays, and is taken up again by the next replica of that number.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { bytes } from '../../api/units.ts';
import { bridgeName } from './names.ts';
import { dataVolume, volumeClaims } from './volume-claims.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface BufferVolume {
  /** Where it is mounted. */
  readonly path: string;
  readonly bytes: number;
  readonly storageClassName?: string;
}

const mebibyte = 2 ** 20;

/** Undefined without a buffer on disk. */
export function bufferVolume({ spec }: MqttKafkaBridge): BufferVolume | undefined {
  const { mode, path, maxBytes } = spec.delivery.buffer;
  if (mode !== 'disk') return undefined;
  const { storage, storageClassName } = spec.bridge;
  return {
    path: path!,
    bytes: storage === undefined ? storageFor(bytes(maxBytes)) : bytes(storage),
    ...(storageClassName !== undefined && { storageClassName }),
  };
}

/** Files may have a little more than `maxBytes` while they are written, and a file system keeps a part for itself: 5 % of ext4 are root's. */
const storageFor = (maxBytes: number): number => Math.ceil((1.25 * maxBytes) / mebibyte + 64) * mebibyte;

/** Fields of the StatefulSet's `spec`. */
export const bufferClaims = (volume: BufferVolume): Fields =>
  volumeClaims({
    storage: `${volume.bytes}B`,
    storageClassName: volume.storageClassName,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  });

export const bufferMount = ({ path }: BufferVolume): Fields => ({ name: dataVolume, mountPath: path });

/** The claim that a StatefulSet makes for a replica. */
export const bufferClaimName = (bridge: string, ordinal: number): string =>
  `${dataVolume}-${bridgeName(bridge)}-${ordinal}`;

/** The volume of a replica that is no more, for the Pod of its drain. */
export const drainedVolume = (bridge: string, ordinal: number): Fields => ({
  name: dataVolume,
  persistentVolumeClaim: { claimName: bufferClaimName(bridge, ordinal) },
});
