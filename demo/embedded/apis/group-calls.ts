/** What the APIs of consumer groups have in common. */
import { code } from '../codes.ts';
import type { Speaker } from '../group.ts';
import type { RequestReader } from '../wire.ts';
import type { Call } from './api.ts';

export interface SpeakerOfGroup extends Speaker {
  readonly groupId: string;
}

/** Why a request about this group is refused before the group is asked; `code.NONE` when it is not. */
export function checkGroup(groupId: string, { cluster, faults, node }: Call): number {
  const instead = faults.instead();
  if (instead !== code.NONE) return instead;
  if (groupId === '') return code.INVALID_GROUP_ID;
  return cluster.coordinator === node ? code.NONE : code.NOT_COORDINATOR;
}

/**
 * Who speaks, as SyncGroup, Heartbeat and OffsetCommit begin.
 *
 * @param instanceFrom the first version that names the instance (KIP-345)
 */
export function readSpeaker(from: RequestReader, instanceFrom: number): SpeakerOfGroup {
  return {
    groupId: from.text(),
    generation: from.readInt32(),
    memberId: from.text(),
    instanceId: from.since(instanceFrom, () => from.textOrNull(), null),
  };
}
