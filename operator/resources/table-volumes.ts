/** Volumes of `podTemplate` that hold nothing but lookup tables for the bridge: it reads them again by itself, so a new text rolls no Pods. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { isIn, type Mount, mountsOfBridge } from '../../rules/unsupported-tables.ts';

/** Their names. */
export function tableVolumes({ spec }: MqttKafkaBridge): readonly string[] {
  const files = spec.tables.flatMap(({ file }) => file ?? []);
  const mounts = mountsOfBridge(spec.bridge.podTemplate);
  const holdsTables = (mount: Mount) => files.some(file => isIn(file, mount));
  // What is mounted elsewhere too may be read by something else; and a file that is mounted alone never changes.
  const others = new Set(mounts.filter(mount => mount.isPart || !holdsTables(mount)).map(({ volume }) => volume));
  return mounts.flatMap(({ volume }) => (others.has(volume) ? [] : [volume]));
}
