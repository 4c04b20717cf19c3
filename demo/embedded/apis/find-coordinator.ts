import { code } from '../codes.ts';
import { defineApi } from './api.ts';

interface Request {
  readonly key: string;
  /** 0 for a group, 1 for a transaction. */
  readonly type: number;
}

interface Answer {
  readonly error: number;
  readonly node: number;
  readonly host: string;
  readonly port: number;
}

const GROUP = 0;

/** FindCoordinator: one node answers for all groups. There are no transactions. */
export const findCoordinator = defineApi<Request, Answer>({
  name: 'FindCoordinator',
  versions: [0, 3],
  flexibleFrom: 3,

  read: from => ({ key: from.text(), type: from.since(1, () => from.readInt8(), GROUP) }),

  act({ type }, { cluster, faults, brokerHost }) {
    const error = type === GROUP ? faults.instead() : code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    if (error !== code.NONE) return { error, node: -1, host: '', port: -1 };
    const node = cluster.node(cluster.coordinator);
    return { error, node: node.id, host: brokerHost, port: node.port };
  },

  write(to, { error, node, host, port }) {
    to.since(1, () => to.throttle());
    to.appendInt16(error);
    to.since(1, () => to.text(null));
    to.appendInt32(node).text(host).appendInt32(port);
  },
});
