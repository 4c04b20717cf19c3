/** The file system as the log sees it, so that tests can have it fail as disks do. */
import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';

export type OpenFile = Pick<FileHandle, 'read' | 'writev' | 'datasync' | 'sync' | 'close' | 'stat'>;

export interface Disk {
  open(path: string, flags: 'r' | 'wx' | 'w'): Promise<OpenFile>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string): Promise<Buffer>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string): Promise<unknown>;
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
