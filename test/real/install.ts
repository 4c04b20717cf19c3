/** How systems get onto the machine: packages, Go programs from source, and what is looked for first. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** An install that failed: why, and what to do. */
export class InstallError extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'InstallError';
    this.remedy = remedy;
  }
}

/** Where installed systems and builds are kept, outside the repository: `MKB_CACHE`, or ~/.cache/mqtt-kafka-kit. */
export const cacheFolder = (): string => process.env.MKB_CACHE ?? join(homedir(), '.cache', 'mqtt-kafka-kit');

/** The full path of a program, or undefined. Daemons live in sbin, which is not on everybody's PATH. */
export function program(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/sbin'];
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

export interface GoProgram {
  /** What go.mod requires; left out by a program of the standard library alone. */
  readonly module?: string;
  readonly version?: string;
  /** The package of the program, within the module; or the path of a file of ours, which ends in `.go` and may import the module. */
  readonly main: string;
  /** Of `go build`. */
  readonly flags?: readonly string[];
  /** The file it becomes. */
  readonly into: string;
  readonly how: string;
}

/** From the module proxy of Go, where no package has it. One core, and politely: it takes minutes. */
export function buildGo({ module, version, main, flags = [], into, how }: GoProgram): void {
  const cwd = `${into}.${process.pid}`;
  mkdirSync(cwd, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-p=1 -mod=mod' };
  const built = join(cwd, 'program');
  try {
    run('go', ['mod', 'init', 'build'], { env, how, cwd });
    // Not `go get`: it would bring what every package of the module needs, and of Telegraf that is gigabytes.
    if (module) run('go', ['mod', 'edit', `-require=${module}@${version}`], { env, how, cwd });
    const source = main.endsWith('.go') ? main : `${module}/${main}`;
    run('nice', ['go', 'build', '-trimpath', ...flags, '-o', built, source], { env, how, cwd });
    renameSync(built, into);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

export function aptInstall(packages: string[], how: string): void {
  if (!program('apt-get') || process.getuid?.() !== 0) {
    throw new InstallError(`${packages.join(' and ')} missing, and only root on Debian or Ubuntu can be helped`, how);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const fresh = packages.filter(name => !program(name));
  run('apt-get', ['-qq', 'update'], { env, how });
  run('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...packages], { env, how });
  for (const name of fresh) stopService(name);
}

/** Debian starts what it installs; tests start their own, and a machine must not keep a server that nobody asked for. */
function stopService(name: string): void {
  if (existsSync(`/etc/init.d/${name}`)) spawnSync('service', [name, 'stop'], { stdio: 'ignore' });
  if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', name], { stdio: 'ignore' });
}

export function run(
  command: string,
  args: string[],
  { env, how, cwd }: { env: NodeJS.ProcessEnv; how: string; cwd?: string },
): void {
  try {
    execFileSync(command, args, {
      env,
      ...(cwd && { cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (cause) {
    const { stderr, stdout } = cause as { stderr?: Buffer; stdout?: Buffer };
    const words = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-8).join('\n');
    throw new InstallError(`${command} ${args.at(-1)} failed:\n${words}`, how, cause);
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
