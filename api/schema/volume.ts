/** What a volume of a part that the operator runs is beside its size. */
import { choice, optional, section, text } from './fields.ts';

const fate = (when: string, fallback: 'Retain' | 'Delete') =>
  choice(['Retain', 'Delete'], `What becomes of a volume ${when}.`, { default: fallback });

/** @param whenDeleted the default */
export const volumeFields = (whenDeleted: 'Retain' | 'Delete') => ({
  storageClassName: optional(
    text("The StorageClass of the volumes. It cannot change. Default: the cluster's own.", { maxLength: 253 }),
  ),
  persistentVolumeClaimRetentionPolicy: section(
    'What becomes of volumes, as a StatefulSet has it.',
    {
      whenDeleted: fate('when the bridge is deleted', whenDeleted),
      whenScaled: fate('of a replica that is scaled away', 'Retain'),
    },
    { default: {} },
  ),
});
