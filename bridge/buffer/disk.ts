/** The file system as the log sees it, so that tests can have it fail as disks do. */
import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export type OpenFile = Pick<FileHandle, 'read' | 'writev' | 'datasync' | 'sync' | 'close' | 'stat'>;

export interface Disk {
  open(path: string, flags: 'r' | 'wx' | 'w'): Promise<OpenFile>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string): Promise<Buffer>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** With those above it. Returns the first that was not there. */
  mkdir(path: string): Promise<string | undefined>;
}

/** Messages are nobody else's business. */
const fileMode = 0o600;
const folderMode = 0o700;

export const systemDisk: Disk = {
  open: (path, flags) => open(path, flags, fileMode),
  readdir,
  readFile: path => readFile(path),
  rename,
  unlink,
  mkdir: path => mkdir(path, { recursive: true, mode: folderMode }),
};

/** Makes a file's name in its folder survive a power cut. Some file systems refuse to sync a folder, and need not be asked. */
export async function syncFolder(disk: Disk, folder: string): Promise<void> {
  const handle = await disk.open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EPERM') throw error;
  } finally {
    await handle.close();
  }
}

/** Makes a folder whose name survives a power cut, with all above it that there are not. One that is there already may have been made by a process that died before it came to that. */
export async function makeFolder(disk: Disk, folder: string): Promise<void> {
  const first = (await disk.mkdir(folder)) ?? folder;
  for (let made = resolve(folder); ; made = dirname(made)) {
    await syncFolder(disk, dirname(made)).catch(ignoreForeign);
    if (made === resolve(first) || made === dirname(made)) return;
  }
}

/** A folder of somebody else may not be ours to read. */
function ignoreForeign(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EACCES') throw error;
}

/** Has the disk confirm what a process before us has written. */
export async function syncFile(disk: Disk, path: string): Promise<void> {
  const handle = await disk.open(path, 'r');
  await handle.datasync().finally(() => handle.close());
}
