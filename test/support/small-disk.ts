/** A disk of a few mebibytes that one process sees: a tmpfs in a mount namespace of its own. */
import { execFileSync } from 'node:child_process';

/** What starts a process: command and arguments are put behind it. */
export type Launcher = readonly string[];

/** Needs Linux, and the right to make namespaces. */
export function canMakeSmallDisks(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** @param folder where it is; it is made. What is in it is gone with the process */
export const onSmallDisk = (folder: string, bytes: number): Launcher => [
  'unshare',
  '-rm',
  'sh',
  '-c',
  `mkdir -p '${folder}' && mount -t tmpfs -o size=${bytes} tmpfs '${folder}' && exec "$0" "$@"`,
];
