/** What a real node is made of: packages of Debian, the kubelet and kube-proxy of Kubernetes, and two Go programs of few lines. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { aptInstall, buildGo, cacheFolder, isExecutable, program } from '../install.ts';
import { hasPrograms, installKubernetes, nodePrograms } from '../kubernetes-programs.ts';

const coreDnsVersion = 'v1.15.0';

const how = 'install containerd, runc, the CNI plugins, conntrack, iptables and Go, and run `npm run provision node`';

/** Which package has each program. One that is here stays: a machine with Docker's own containerd.io must not lose it. */
const packages = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  conntrack: 'conntrack',
  iptables: 'iptables',
  ip: 'iproute2',
} as const;

/** Where the CNI plugins are: Debian's place, or that of everybody else. */
export const cniFolder = (): string | undefined =>
  ['/usr/lib/cni', '/opt/cni/bin'].find(folder =>
    ['ptp', 'host-local', 'loopback'].every(name => isExecutable(join(folder, name))),
  );

/** The first process of each Pod, and of the node. */
export const pauseProgram = (): string => built('pause.go');
export const coreDnsProgram = (): string => built('coredns.go', coreDnsVersion);

/** Its folder, when everything is here. */
export function findNode(): string | undefined {
  if (missingPackages().length > 0) return undefined;
  return [pauseProgram(), coreDnsProgram()].every(isExecutable) ? hasPrograms(nodePrograms) : undefined;
}

/** Builds and installs what is missing. @throws InstallError */
export function installNode(): void {
  const missing = missingPackages();
  if (missing.length > 0) aptInstall(missing, how);
  installKubernetes(nodePrograms);
  if (!isExecutable(pauseProgram())) buildGo({ main: source('pause.go'), into: pauseProgram(), how });
  if (!isExecutable(coreDnsProgram())) {
    const coreDns = { module: 'github.com/coredns/coredns', version: coreDnsVersion };
    buildGo({ ...coreDns, main: source('coredns.go'), flags: ['-ldflags', '-s -w'], into: coreDnsProgram(), how });
  }
}

function missingPackages(): string[] {
  const missing = Object.entries(packages).filter(([name]) => !program(name));
  const plugins = cniFolder() ? [] : ['containernetworking-plugins'];
  return [...new Set(missing.map(([, debian]) => debian)), ...plugins];
}

const source = (name: string) => join(import.meta.dirname, name);

/** In the cache, by its contents: a changed program is another one. */
function built(name: string, version = ''): string {
  const digest = createHash('sha256')
    .update(readFileSync(source(name)))
    .update(version)
    .digest('hex');
  return join(cacheFolder(), `${basename(name, '.go')}-${digest.slice(0, 8)}`);
}
