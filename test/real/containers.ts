import { existsSync, readFileSync } from 'node:fs';

/** Why this machine may not run containers, as a test starts them; undefined when it may. */
export function whyNoContainers(): string | undefined {
  if (process.platform !== 'linux') return 'containers need Linux';
  if (process.getuid?.() !== 0) return 'only root may make namespaces and mounts';
  if (!hasCapabilities()) return 'this is a container that may not mount and make networks';
  if (!existsSync('/sys/fs/cgroup')) return 'there are no control groups';
  return undefined;
}

/** Root of a container is often root without these: to mount (CAP_SYS_ADMIN, 21) and to make networks (CAP_NET_ADMIN, 12). */
function hasCapabilities(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1];
  return [21n, 12n].every(bit => (BigInt(`0x${effective}`) >> bit) & 1n);
}
