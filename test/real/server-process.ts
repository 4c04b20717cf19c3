import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { forgetProcess, rememberProcess } from './cleanup.ts';

export interface ServerCommand {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Its stdout and stderr, appended over restarts. */
  readonly logFile: string;
}

/** A server that a test starts, stops, kills, freezes and starts again with the same command. */
export class ServerProcess {
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @throws Error when it is not running */
  get pid(): number {
    if (!this.running) throw new Error(`${this.#command.name} is not running.\n${this.log()}`);
    return this.#child!.pid!;
  }

  /** How it ended: the exit code, or the signal; undefined while it runs. */
  get ending(): number | string | undefined {
    return this.#child?.exitCode ?? this.#child?.signalCode ?? undefined;
  }

  /** Starts it, and returns before it is ready. */
  async launch(): Promise<void> {
    if (this.running) throw new Error(`${this.#command.name} runs already.`);
    const { command, args, env, logFile } = this.#command;
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    await once(child, 'spawn');
    const pid = child.pid!;
    rememberProcess(pid);
    child.once('exit', () => forgetProcess(pid));
  }

  /** Sends the signal, and waits for the end of the process when it is one that ends it. Nothing to do is fine. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.running) return;
    const ended = once(this.#child!, 'exit');
    this.#child!.kill(signal);
    await ended;
  }

  /** Ends it as its operator would: SIGTERM, and SIGKILL when that has not helped within `graceMs`. */
  async stop(graceMs = 60_000): Promise<void> {
    if (!this.running) return;
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), graceMs);
    this.resume();
    await this.kill('SIGTERM');
    clearTimeout(late);
  }

  /** Freezes it: connections stay open and nothing answers. Returns when it is frozen: on a busy machine its threads go on for a moment. */
  pause(): void {
    const { pid } = this;
    process.kill(pid, 'SIGSTOP');
    while (!isFrozen(pid)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** The end of what it wrote to stdout and stderr; nothing if it was never started. */
  log(lines = 20): string {
    if (!existsSync(this.#command.logFile)) return '';
    return readFileSync(this.#command.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}

/** Whether each thread is stopped, or has ended. Where there is no /proc it cannot be seen, and is taken for granted. */
function isFrozen(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return true;
  return readdirSync(tasks).every(task => {
    try {
      // `pid (name) state ...`, and the name may have anything in it.
      return /\) [TtZX] [^)]*$/.test(readFileSync(`${tasks}/${task}/stat`, 'utf8'));
    } catch {
      return true;
    }
  });
}
