import { code } from '../codes.ts';
import { defineApi } from './api.ts';
import { checkGroup, readSpeaker, type SpeakerOfGroup } from './group-calls.ts';

/** Heartbeat: a member is alive, and learns whether a rebalance has begun. */
export const heartbeat = defineApi<SpeakerOfGroup, number>({
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleFrom: 4,

  read: from => readSpeaker(from, 3),

  act({ groupId, ...speaker }, call) {
    const error = checkGroup(groupId, call);
    return error === code.NONE ? call.cluster.groups.open(groupId).heartbeat(speaker) : error;
  },

  write(to, error) {
    to.since(1, () => to.throttle());
    to.appendInt16(error);
  },
});
