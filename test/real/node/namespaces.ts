/**
 * A real node of a test lives in namespaces of its own: for mounts, networks and processes.
 *
 * Whatever containerd, the kubelet and kube-proxy do to a machine (hundreds of mounts, interfaces, rules of iptables, processes that
 * outlive their parents), they do to these, and the kernel takes it away when the first process of the namespaces ends. That is
 * `unshare`'s child, and `unshare` is known to the guard of cleanup.ts: so a test that is killed leaves no more behind than one
 * that stops its node.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ServerProcess } from '../server-process.ts';
import { until } from '../until.ts';
import { pauseProgram } from './programs.ts';

/** The kubelet insists on these. They are the whole machine's, so it is shown files that say what it wants to read, and changes none. */
const kernelSettings = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};

/**
 * Makes the machine look as a node should: what is written to /run, /var/lib and /var/log (sockets, leases of addresses, logs, whose places
 * cannot all be configured) lands in the namespaces or in the folder $1; and then becomes the program $2.
 */
const script = `
set -e
mount -t tmpfs -o mode=755 run /run
for place in /var/lib /var/log; do
  own=$1/machine$place
  mkdir -p $own/upper $own/work
  mount -t overlay -o lowerdir=$place,upperdir=$own/upper,workdir=$own/work overlay $place
done
cd $1/kernel
find . -type f | while read -r setting; do mount --bind $setting /proc/sys/$setting; done
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
exec $2
`;

/**
 * Makes them.
 *
 * @param folder an existing one, which outlives them
 * @throws Error with what went wrong
 */
export async function makeNamespaces(folder: string): Promise<Namespaces> {
  for (const [name, value] of Object.entries(kernelSettings)) {
    const file = join(folder, 'kernel', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${value}\n`);
  }
  const kinds = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const holder = new ServerProcess({
    name: 'The namespaces of the node',
    command: 'unshare',
    args: [...kinds, 'sh', '-c', script, 'sh', folder, pauseProgram()],
    env: { PATH: path },
    logFile: join(folder, 'namespaces.log'),
  });
  await holder.launch();
  const { pid } = holder;
  const made = await until('the namespaces of the node', () => {
    if (!holder.running) return 'ended';
    const init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
    return readFileSync(`/proc/${init}/cmdline`, 'utf8').startsWith(pauseProgram()) && init;
  });
  if (made === 'ended') throw new Error(`The namespaces of the node could not be made.\n${holder.log()}`);
  return new Namespaces(folder, holder, made as number);
}

export class Namespaces {
  /** The id of their first process, as this machine counts. */
  readonly init: number;
  readonly #folder: string;
  readonly #holder: ServerProcess;

  /** Made by `makeNamespaces`. */
  constructor(folder: string, holder: ServerProcess, init: number) {
    this.#folder = folder;
    this.#holder = holder;
    this.init = init;
  }

  /** A server in them, not yet started. It ends with them, or with `kill`. */
  server(name: string, command: string, args: readonly string[]): ServerProcess {
    return new ServerProcess({
      name,
      command: 'nsenter',
      // A signal ends nsenter, and the kernel then ends its child.
      args: [...this.#enter(), 'setpriv', '--pdeathsig', 'KILL', command, ...args],
      env: { PATH: path },
      logFile: join(this.#folder, `${name}.log`),
    });
  }

  /** Runs a program in them. @returns its stdout */
  async run(command: string, args: readonly string[]): Promise<string> {
    const options = { env: { ...process.env, PATH: path } };
    return (await promisify(execFile)('nsenter', [...this.#enter(), command, ...args], options)).stdout;
  }

  /** Ends every process in them, and with the last one they are gone, and so are their mounts and interfaces. */
  async end(): Promise<void> {
    if (!this.#holder.running) return;
    // unshare ends when its child has, and that is the last of all: the kernel sees to it.
    process.kill(this.init, 'SIGKILL');
    await until('the processes of the node to end', () => !this.#holder.running);
  }

  #enter(): string[] {
    return ['--target', String(this.init), '--mount', '--net', '--pid', '--'];
  }
}

/** Daemons and their tools live in sbin, which is not on everybody's PATH. */
const path = [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].join(':');
