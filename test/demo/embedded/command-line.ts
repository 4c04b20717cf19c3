import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { forgetProcess, rememberProcess } from '../../real/cleanup.ts';

/** A command-line client that runs: the lines it has printed, and how to end it. */
export class CommandLine {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #errors = '';

  /** @param input what it reads, or undefined for nothing */
  constructor(command: string, args: readonly string[], input?: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#ended = once(this.#child, 'close');
    const { pid } = this.#child;
    if (pid !== undefined) {
      rememberProcess(pid);
      this.#child.once('exit', () => forgetProcess(pid));
    }
    createInterface({ input: this.#child.stdout! }).on('line', line => this.lines.push(line));
    this.#child.stderr!.on('data', chunk => {
      this.#errors += chunk;
    });
    this.#child.stdin!.end(input === undefined ? '' : `${input.join('\n')}\n`);
  }

  /** Waits for its end. Throws with what it printed as errors unless it ended well. */
  async finish(): Promise<string[]> {
    await this.#ended;
    if (this.#child.exitCode !== 0) throw new Error(`${this.#child.spawnfile} failed: ${this.#errors}`);
    return this.lines;
  }

  /** Asks it to end (SIGTERM), and waits until it has. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
