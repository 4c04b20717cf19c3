/**
 * The addresses of a real node, and its one cable to this machine.
 *
 * All are of 198.18.0.0/15, which is set aside for tests of networks (RFC 2544): no machine, office or cluster has them. The node has no
 * default route, so nothing that a Pod sends can leave this machine; and it forwards in its own network namespace, so this machine
 * does not become a router and its firewall stays as it is.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { serviceRange } from '../kubernetes.ts';
import { until } from '../until.ts';
import type { Namespaces } from './namespaces.ts';

/** This machine, as the node and its Pods see it. */
export const hostAddress = '198.18.0.1';
export const nodeAddress = '198.18.0.2';
export const podRange = '198.18.1.0/24';

/** The end of the cable at this machine. It is there as long as the node is. */
const cable = 'mkb-node';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

export const isConnected = (): boolean => existsSync(`/sys/class/net/${cable}`);

/**
 * Lays the cable, and makes Pods and Services reachable from this machine.
 *
 * @throws Error when another test's node is here and stays: there are addresses for one, and it has two minutes
 */
export async function connect(namespaces: Namespaces): Promise<void> {
  const claim = () => {
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(namespaces.init));
    return true;
  };
  const others = `another test to stop its node (if nobody has one: ip link delete ${cable})`;
  await until(others, claim, { timeoutMs: 120_000, everyMs: 250 });
  ip('address', 'add', `${hostAddress}/30`, 'dev', cable);
  await namespaces.run('ip', ['address', 'add', `${nodeAddress}/30`, 'dev', 'eth0']);
  await namespaces.run('ip', ['link', 'set', 'eth0', 'up']);
  ip('link', 'set', cable, 'up');
  for (const range of [podRange, serviceRange]) ip('route', 'add', range, 'via', nodeAddress);
}

/** The cable goes with the namespace that its other end is in, soon after the last process: then this machine has no address and route of it. */
export async function disconnected(): Promise<void> {
  await until('the node’s network interface to be gone', () => !isConnected());
}
