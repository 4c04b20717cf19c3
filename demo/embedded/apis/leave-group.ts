import { code } from '../codes.ts';
import type { RequestReader } from '../wire.ts';
import { defineApi } from './api.ts';
import { checkGroup } from './group-calls.ts';

interface Leaver {
  readonly memberId: string;
  readonly instanceId: string | null;
}

interface Request {
  readonly groupId: string;
  readonly leavers: Leaver[];
}

interface Answer {
  readonly error: number;
  readonly leavers: (Leaver & { readonly error: number })[];
}

/** LeaveGroup: members go at once instead of falling silent. Several at a time since version 3 (KIP-345). */
export const leaveGroup = defineApi<Request, Answer>({
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleFrom: 4,

  read(from) {
    const groupId = from.text();
    if (from.version < 3) return { groupId, leavers: [{ memberId: from.text(), instanceId: null }] };
    return { groupId, leavers: from.list(() => readLeaver(from)) };
  },

  act({ groupId, leavers }, call) {
    const error = checkGroup(groupId, call);
    if (error !== code.NONE) return { error, leavers: [] };
    const group = call.cluster.groups.open(groupId);
    const left = leavers.map(each => ({ ...each, error: group.leave(each.memberId, each.instanceId) }));
    // Before version 3 there is one member, and its error is the answer's.
    return { error: call.version < 3 ? left[0]!.error : code.NONE, leavers: left };
  },

  write(to, { error, leavers }) {
    to.since(1, () => to.throttle());
    to.appendInt16(error);
    to.since(3, () =>
      to.list(leavers, leaver => to.text(leaver.memberId).text(leaver.instanceId).appendInt16(leaver.error)),
    );
  },
});

function readLeaver(from: RequestReader): Leaver {
  const leaver = { memberId: from.text(), instanceId: from.textOrNull() };
  from.since(5, () => from.textOrNull(), null); // the reason, which Kafka only logs
  return leaver;
}
