/**
 * A Docker engine of the tests' own: other sockets, images, containers and networks than the engine that this machine may have, so that
 * a name or port that is taken there does not matter, and nothing is left there.
 *
 * Images stay in the cache between runs. So does what a killed test run left behind: the next start finds it and removes it.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { cacheFolder, program } from '../real/install.ts';
import { ServerProcess } from '../real/server-process.ts';
import { dockerConfigFolder } from '../real/systems.ts';
import { untilStarted } from '../real/until.ts';

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

export interface RunningEngine {
  /** The path of its socket. */
  readonly socket: string;
  /** Runs `docker ARGS...`; throws with its stderr when it fails. */
  docker(args: readonly string[], options?: RunOptions): Promise<Output>;
  /** Ends every container, and the engine. */
  stop(): Promise<void>;
}

/** What `docker compose` needs to be found where `npm run provision` has put it. */
export const composeEnvironment = (): NodeJS.ProcessEnv =>
  existsSync(dockerConfigFolder()) ? { DOCKER_CONFIG: dockerConfigFolder() } : {};

/** Runs `docker ARGS...` with whatever engine `env` names. */
export async function docker(
  args: readonly string[],
  { cwd, env, timeoutMs = 120_000 }: RunOptions = {},
): Promise<Output> {
  const options = { cwd, env: { ...process.env, ...composeEnvironment(), ...env }, timeout: timeoutMs };
  return promisify(execFile)('docker', args, { ...options, maxBuffer: 64 * 1024 * 1024 }).catch(error => {
    // What a build says is on stdout, which the error alone would not show.
    throw new Error(`${error.message}\n${error.stdout.slice(-2000)}`);
  });
}

/** Starts an engine, and removes what an earlier one may have left. */
export async function startEngine(): Promise<RunningEngine> {
  const folder = temporaryFolder('docker');
  const kept = join(cacheFolder(), 'docker');
  mkdirSync(kept, { recursive: true });
  const socket = join(folder, 'docker.sock');
  const args = [
    ...['--data-root', join(kept, 'data'), '--exec-root', join(kept, 'exec'), '--pidfile', join(folder, 'pid')],
    // Compose makes its own networks; a network of its own would be that of the machine's engine.
    ...['--bridge', 'none', '--host', `unix://${socket}`],
    // The containers talk to one another and to this machine. It shall not become a router for them, which would change its firewall.
    '--ip-forward=false',
  ];
  const server = new ServerProcess({
    name: 'Docker engine',
    command: program('dockerd')!,
    args,
    logFile: join(folder, 'log'),
  });
  const run: RunningEngine['docker'] = (command, options = {}) =>
    docker(command, { ...options, env: { ...options.env, DOCKER_HOST: `unix://${socket}` } });
  const stop = async () => {
    await server.stop(60_000);
    removeFolder(folder);
  };
  try {
    await server.launch();
    await untilStarted('the Docker engine', async () => server.pid > 0 && (await run(['info'])), { everyMs: 100 });
    await removeContainers(run);
    return { socket, docker: run, stop };
  } catch (error) {
    const log = server.log();
    await stop();
    throw new Error(`The Docker engine did not start.\n${log}`, { cause: error });
  }
}

async function removeContainers(run: RunningEngine['docker']): Promise<void> {
  const { stdout } = await run(['ps', '--all', '--quiet']);
  const ids = stdout.split('\n').filter(Boolean);
  if (ids.length > 0) await run(['rm', '--force', '--volumes', ...ids]);
  await run(['volume', 'prune', '--force']);
  await run(['network', 'prune', '--force']);
}
