/**
 * The programs of a real Kubernetes, built from their modules: no package of Debian has them, and they are one `go build` each.
 *
 * k8s.io/kubernetes is not made to be a dependency: it replaces its own parts (k8s.io/api and thirty more) by folders beside it, and a
 * module that depends on it must replace each of them by its release. The list is read from its go.mod, so that a new version
 * needs no more than its number here.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, buildGo, cacheFolder, InstallError, isExecutable, program, run } from './install.ts';

/** 1.35 and later refuse cgroup v1, which containers of older machines still have. */
const version = 'v1.33.13';
const kwokVersion = 'v0.8.0';
const helmVersion = 'v3.22.0';

const how = 'install Go 1.24 or later (go.dev/doc/install), and see that it reaches a module proxy (GOPROXY)';

/** What a control plane consists of, besides etcd. */
export const controlPlane = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;
/** What a node consists of, besides containerd. */
export const nodePrograms = ['kubelet', 'kube-proxy'] as const;
export type KubernetesProgram = (typeof controlPlane)[number] | (typeof nodePrograms)[number];

const folder = () => join(cacheFolder(), `kubernetes-${version}`);
/** Where a program of Kubernetes is once it is built. */
export const kubernetesProgram = (name: KubernetesProgram): string => join(folder(), name);
export const kwokProgram = (): string => join(cacheFolder(), `kwok-${kwokVersion}`, 'kwok');
/** Ours, or the one on the PATH. */
export const helmProgram = (): string | undefined => [helmBuilt()].find(isExecutable) ?? program('helm');
const helmBuilt = () => join(cacheFolder(), `helm-${helmVersion}`, 'helm');

export const hasPrograms = (names: readonly KubernetesProgram[]): string | undefined =>
  names.every(name => isExecutable(kubernetesProgram(name))) ? folder() : undefined;

/** Builds what is missing of the programs given. @throws InstallError */
export function installKubernetes(names: readonly KubernetesProgram[]): void {
  needGo();
  const missing = names.filter(name => !isExecutable(kubernetesProgram(name)));
  const cwd = `${folder()}.${process.pid}`;
  mkdirSync(cwd, { recursive: true });
  mkdirSync(folder(), { recursive: true });
  try {
    const env = goEnvironment();
    run('go', ['mod', 'init', 'build'], { env, how, cwd });
    run('go', ['mod', 'edit', `-require=k8s.io/kubernetes@${version}`, ...replacements(cwd)], { env, how, cwd });
    for (const name of missing) {
      const built = join(cwd, name);
      const flags = ['-trimpath', '-ldflags', linkerFlags()];
      run('nice', ['go', 'build', ...flags, '-o', built, `k8s.io/kubernetes/cmd/${name}`], { env, how, cwd });
      renameSync(built, kubernetesProgram(name));
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

export function installKwok(): void {
  needGo();
  buildGo({ module: 'sigs.k8s.io/kwok', version: kwokVersion, main: 'cmd/kwok', into: kwokProgram(), how });
}

export function installHelm(): void {
  needGo();
  buildGo({ module: 'helm.sh/helm/v3', version: helmVersion, main: 'cmd/helm', into: helmBuilt(), how });
}

const goEnvironment = () => ({ ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'auto' });

/** `k8s.io/api` => `k8s.io/api v0.33.13` for each part that Kubernetes keeps in its own repository. */
function replacements(cwd: string): string[] {
  const answer = execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${version}`], {
    env: goEnvironment(),
    cwd,
    maxBuffer: 16 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { GoMod: file } = JSON.parse(answer.toString()) as { GoMod: string };
  const staged = readFileSync(file, 'utf8').matchAll(/^\s*(?:replace\s+)?(k8s\.io\/\S+) => \.\/staging/gm);
  const release = version.replace('v1.', 'v0.');
  return [...staged].map(([, module]) => `-replace=${module}=${module}@${release}`);
}

/** Kubernetes compares versions of its parts, and without these it is v0.0.0. */
function linkerFlags(): string {
  const [major, minor] = version.slice(1).split('.');
  const set = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    '-s -w',
    set('gitVersion', version),
    set('gitMajor', major!),
    set('gitMinor', minor!),
    set('gitTreeState', 'clean'),
  ].join(' ');
}

/** Go 1.21 and later fetch the Go that a module asks for, so any that a distribution has had since will do. */
function needGo(): void {
  if (!program('go')) aptInstall(['golang-go'], how);
  const found = execFileSync('go', ['env', 'GOVERSION']).toString().trim();
  const [major, minor] = found.slice(2).split('.').map(Number);
  if (major! > 1 || minor! >= 21) return;
  throw new InstallError(`${found} is too old to build Kubernetes`, how);
}
