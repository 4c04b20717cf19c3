import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const mkbFile = fileURLToPath(new URL('../../cli/mkb.ts', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly stdin?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts the command line as a user does: a process of its own. Whoever calls must see to its end. */
export const startMkb = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, [mkbFile, ...args], { env: { ...process.env, ...env }, stdio: 'pipe' });

/** Runs the command line to its end. */
export const mkb = async (args: readonly string[], { stdin = '', env }: Surroundings = {}): Promise<Outcome> => {
  const child = startMkb(args, env);
  child.stdin!.on('error', () => undefined); // A command that reads no input closes it.
  child.stdin!.end(stdin);
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout!), text(child.stderr!), ended]);
  return { code, stdout, stderr };
};
