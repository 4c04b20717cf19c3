/** The one thing of a node that has no namespace to vanish with: a control group in each hierarchy, and those of its Pods below. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../until.ts';

const prefix = 'mkb-node-';

/** What the kubelet puts its Pods under. It has our process id, so that a later test sees which of them nobody uses any more. */
export const cgroupName = `${prefix}${process.pid}`;

/** Where the hierarchies are mounted: one with version 2 of control groups, one for each controller with version 1. */
function hierarchies(): { folder: string; version2: boolean }[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const mounts = lines.map(line => line.split(' ')).filter(([, , type]) => type === 'cgroup' || type === 'cgroup2');
  return mounts.map(([, folder, type]) => ({ folder: folder!, version2: type === 'cgroup2' }));
}

const isAbandoned = (name: string) => name.startsWith(prefix) && !existsSync(`/proc/${name.slice(prefix.length)}`);

/** Those of this process, and those that a killed test has left. */
const folders = () =>
  hierarchies().flatMap(({ folder }) =>
    readdirSync(folder)
      .filter(name => name === cgroupName || isAbandoned(name))
      .map(name => join(folder, name)),
  );

/** The kubelet wants its group to be there, with every controller. */
export function makeCgroups(): void {
  for (const { folder, version2 } of hierarchies()) {
    // A controller is handed down, if it is not yet, by an entry in the parent.
    const controllers = version2 ? readFileSync(join(folder, 'cgroup.controllers'), 'utf8').split(/\s+/) : [];
    for (const name of controllers.filter(Boolean)) writeFileSync(join(folder, 'cgroup.subtree_control'), `+${name}`);
    mkdirSync(join(folder, cgroupName), { recursive: true });
  }
}

/** Removes them once their processes have ended, and those of a killed test too. */
export async function removeCgroups(): Promise<void> {
  await until('the control groups of the node to be empty', () => {
    for (const folder of folders()) removeTree(folder);
    return true;
  });
}

/** Their files cannot be removed, and need not be. */
function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  rmdirSync(folder);
}
