import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { until } from './until.ts';

/** Leaves a child process and a folder behind, says which, and waits to be killed. */
const careless = `
  import { spawn } from 'node:child_process';
  import { rememberProcess, temporaryFolder } from '${new URL('./cleanup.ts', import.meta.url)}';
  const child = spawn('sleep', ['600']);
  rememberProcess(child.pid);
  console.log(JSON.stringify({ pid: child.pid, folder: temporaryFolder('careless') }));
`;

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test.each([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
] as const)('a test process that ends by %s leaves no server and no folder', async signal => {
  const victim = spawn(process.execPath, ['--input-type=module-typescript', '-e', careless]);
  const [line] = await once(createInterface(victim.stdout), 'line');
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string };
  expect([lives(pid), existsSync(folder)]).toEqual([true, true]);
  victim.kill(signal);
  await until('both to be gone', () => !(lives(pid) || existsSync(folder)));
});
