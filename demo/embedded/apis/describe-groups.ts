import { code } from '../codes.ts';
import type { Group } from '../group.ts';
import type { Member } from '../group-member.ts';
import type { AnswerWriter } from '../wire.ts';
import { defineApi } from './api.ts';
import { checkGroup } from './group-calls.ts';

interface GroupAnswer {
  readonly id: string;
  readonly error: number;
  /** Undefined for a group nobody has joined, which is described as dead. */
  readonly group: Group | undefined;
}

/** Nobody asked which operations are allowed, or nobody knows. */
const OPERATIONS_UNKNOWN = -2_147_483_648;

/** DescribeGroups: state and members, with what each was assigned. */
export const describeGroups = defineApi<readonly string[], GroupAnswer[]>({
  name: 'DescribeGroups',
  versions: [0, 5],
  flexibleFrom: 5,

  read: from => from.values(() => from.text()),

  act: (ids, call) =>
    ids.map(id => {
      const error = checkGroup(id, call);
      return { id, error, group: error === code.NONE ? call.cluster.groups.get(id) : undefined };
    }),

  write(to, groups) {
    to.since(1, () => to.throttle());
    to.list(groups, ({ id, error, group }) => {
      to.appendInt16(error).text(id);
      to.text(group?.state ?? 'Dead')
        .text(group?.protocolType ?? '')
        .text(group?.protocol ?? '');
      to.list(group?.members ?? [], member => writeMember(to, member, group!.protocol));
      to.since(3, () => to.appendInt32(OPERATIONS_UNKNOWN));
    });
  },
});

function writeMember(to: AnswerWriter, member: Member, protocol: string): void {
  to.text(member.id);
  to.since(4, () => to.text(member.instanceId));
  to.text(member.clientId).text(`/${member.clientHost}`);
  to.bytes(member.metadata(protocol) ?? Buffer.alloc(0)).bytes(member.assignment);
}
