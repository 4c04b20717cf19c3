/**
 * What tests leave behind is removed even when a test, or the whole test process, is killed.
 *
 * A `process.on('exit')` handler does not run after SIGKILL, and test runners do send it. So each test process has one guard: a
 * shell that reads our list of process ids and folders from a pipe, keeps the newest line, and acts when the pipe closes,
 * however that comes about. It is in a process group of its own, so that Ctrl-C reaches it last.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = `
trap '' INT TERM HUP
while IFS= read -r line; do last=$line; done
pids=\${last%%|*}
folders=\${last#*|}
[ -z "$pids" ] || kill -9 $pids
[ -z "$folders" ] || rm -rf $folders
`;

const pids = new Set<number>();
const folders = new Set<string>();
let guard: ChildProcess | undefined;

/** Has the process killed when this one ends, unless `forgetProcess` is called first. */
export function rememberProcess(pid: number): void {
  pids.add(pid);
  tell();
}

/** Call as soon as a process has ended: its id may be another's next. */
export function forgetProcess(pid: number): void {
  pids.delete(pid);
  tell();
}

/** A new temporary folder, removed when this process ends or `removeFolder` is called. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `mkb-${name}-`));
  folders.add(folder);
  tell();
  return folder;
}

/** Removes a folder that `temporaryFolder` made. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(folder);
  tell();
}

function tell(): void {
  guard ??= startGuard();
  guard.stdin!.write(`${[...pids].join(' ')}|${[...folders].join(' ')}\n`);
}

function startGuard(): ChildProcess {
  const started = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Neither the guard nor its pipe may keep this process alive.
  started.unref();
  (started.stdin as Socket).unref();
  return started;
}
