import { code } from '../codes.ts';
import { type Joined, type JoinRequest, refuseJoin } from '../group-member.ts';
import type { RequestReader } from '../wire.ts';
import { type Call, defineApi } from './api.ts';
import { checkGroup } from './group-calls.ts';

/** Client id and address are the connection's, not the request's. */
type Request = Omit<JoinRequest, 'clientId' | 'clientHost'> & { readonly groupId: string };

/** Kafka's `group.max.session.timeout.ms`. There is no least one here, so that a test can let a session end quickly. */
const MAX_SESSION_TIMEOUT_MS = 1_800_000;

/** JoinGroup: answered when the group's next generation is formed. */
export const joinGroup = defineApi<Request, Joined>({
  name: 'JoinGroup',
  versions: [2, 7],
  flexibleFrom: 6,

  read: from => ({
    groupId: from.text(),
    sessionTimeoutMs: from.readInt32(),
    rebalanceTimeoutMs: from.readInt32(),
    memberId: from.text(),
    instanceId: from.since(5, () => from.textOrNull(), null),
    protocolType: from.text(),
    protocols: from.list(() => readProtocol(from)),
    mustKnowId: from.version >= 4,
  }),

  async act({ groupId, ...request }, call) {
    const error = checkJoin(groupId, request.sessionTimeoutMs, call);
    if (error !== code.NONE) return refuseJoin(error, request.memberId);
    const { clientId, clientHost } = call;
    return await call.cluster.groups.open(groupId).join({ ...request, clientId, clientHost });
  },

  write(to, { error, generation, protocolType, protocol, leader, memberId, members }) {
    to.throttle().appendInt16(error).appendInt32(generation);
    to.since(7, () => to.text(protocolType));
    to.text(to.version >= 7 ? protocol : (protocol ?? ''))
      .text(leader)
      .text(memberId);
    to.list(members, ({ id, instanceId, metadata }) => {
      to.text(id);
      to.since(5, () => to.text(instanceId));
      to.bytes(metadata);
    });
  },
});

/** The bytes outlive the request, in the group: copied, so that they do not keep the whole of it. */
function readProtocol(from: RequestReader): { name: string; metadata: Buffer } {
  return { name: from.text(), metadata: Buffer.from(from.bytes()) };
}

function checkJoin(groupId: string, sessionTimeoutMs: number, call: Call): number {
  const error = checkGroup(groupId, call);
  if (error !== code.NONE) return error;
  const valid = sessionTimeoutMs > 0 && sessionTimeoutMs <= MAX_SESSION_TIMEOUT_MS;
  return valid ? code.NONE : code.INVALID_SESSION_TIMEOUT;
}
