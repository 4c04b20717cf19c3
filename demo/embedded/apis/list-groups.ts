import { code } from '../codes.ts';
import type { Group } from '../group.ts';
import { defineApi } from './api.ts';

interface Answer {
  readonly error: number;
  readonly groups: readonly Group[];
}

/** ListGroups: the groups that this node answers for, by state if asked (KIP-518). */
export const listGroups = defineApi<readonly string[], Answer>({
  name: 'ListGroups',
  versions: [0, 4],
  flexibleFrom: 3,

  read: from => from.since(4, () => from.values(() => from.text()), []),

  act(states, { cluster, faults, node }) {
    const all = cluster.coordinator === node ? cluster.groups.all : [];
    const groups = all.filter(({ state }) => states.length === 0 || states.includes(state));
    const error = faults.instead();
    return { error, groups: error === code.NONE ? groups : [] };
  },

  write(to, { error, groups }) {
    to.since(1, () => to.throttle());
    to.appendInt16(error).list(groups, group => {
      to.text(group.id).text(group.protocolType);
      to.since(4, () => to.text(group.state));
    });
  },
});
