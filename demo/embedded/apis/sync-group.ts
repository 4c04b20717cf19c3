import { code } from '../codes.ts';
import { type Assigned, nothing } from '../group-member.ts';
import { defineApi } from './api.ts';
import { checkGroup, readSpeaker, type SpeakerOfGroup } from './group-calls.ts';

interface Request extends SpeakerOfGroup {
  readonly protocolType: string | null;
  readonly protocol: string | null;
  /** By member id; the leader's only. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

type Answer = Assigned & { readonly protocolType: string | null; readonly protocol: string | null };

/** SyncGroup: the leader hands in everyone's assignment, and each member gets its own. */
export const syncGroup = defineApi<Request, Answer>({
  name: 'SyncGroup',
  versions: [0, 5],
  flexibleFrom: 4,

  read: from => ({
    ...readSpeaker(from, 3),
    protocolType: from.since(5, () => from.textOrNull(), null),
    protocol: from.since(5, () => from.textOrNull(), null),
    assignments: new Map(from.list(() => [from.text(), Buffer.from(from.bytes())] as const)),
  }),

  async act({ groupId, protocolType, protocol, assignments, ...speaker }, call) {
    const error = checkGroup(groupId, call);
    if (error !== code.NONE) return { error, assignment: nothing, protocolType: null, protocol: null };
    const assigned = await call.cluster.groups.open(groupId).sync(speaker, assignments);
    return { ...assigned, protocolType, protocol };
  },

  write(to, { error, protocolType, protocol, assignment }) {
    to.since(1, () => to.throttle());
    to.appendInt16(error);
    to.since(5, () => to.text(protocolType).text(protocol));
    to.bytes(assignment);
  },
});
