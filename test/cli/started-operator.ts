/** `mkb operator` as a process, from its line to its end. */
import { once } from 'node:events';
import { untilStarted } from '../real/until.ts';
import { startMkb } from './mkb-process.ts';

export interface StartedOperator {
  readonly url: string;
  stdout(): string;
  stderr(): string;
  /** Settles when it has read everything. */
  ready(): Promise<void>;
  /** Asks it to stop. Its exit code. */
  stop(): Promise<number | null>;
  kill(): void;
}

/** Starts one on a free port, and waits for its line; that it is ready is something else. */
export async function startOperatorCommand(...args: string[]): Promise<StartedOperator> {
  const child = startMkb(['operator', ...args, '--http', '127.0.0.1:0']);
  const closed = once(child, 'close');
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr!.on('data', chunk => {
    stderr += chunk;
  });
  const line = () => {
    if (child.exitCode !== null) throw new Error(`The operator has ended.\n${stderr}`);
    return /^Operator: (http:.*)\/metrics\n$/.exec(stdout)?.[1];
  };
  const url = await untilStarted('the line of the operator', line);
  const isReady = async () => (await fetch(`${url}/readyz`)).ok;
  return {
    url,
    stdout: () => stdout,
    stderr: () => stderr,
    ready: async () => void (await untilStarted('the operator to be ready', isReady)),
    stop: async () => {
      child.kill('SIGTERM');
      return (await closed)[0];
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
