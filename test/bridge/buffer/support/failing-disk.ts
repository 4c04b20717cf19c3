/** A disk that refuses what a test wants it to. */
import { truncate } from 'node:fs/promises';
import { type Disk, type OpenFile, systemDisk } from '../../../../bridge/buffer/disk.ts';

export class FailingDisk implements Disk {
  /** The error code of writes, or of confirmations, while it is set. */
  failsWrites: string | undefined;
  failsSyncs: string | undefined;
  failsReads: string | undefined;
  /** Bytes of data files that cannot be read: EIO. */
  badBytes: readonly [from: number, to: number] | undefined;
  /** Whether a file that is not confirmed loses what was not, as after a failed fsync on some file systems, and on all when memory is short. */
  forgets = false;
  /** Folders that were confirmed. */
  readonly syncedFolders = new Set<string>();
  /** What reads of data wait for, and how many do. */
  readsWait: Promise<void> | undefined;
  waitingReads = 0;
  /** Bytes that may still be written before ENOSPC. */
  room = Number.POSITIVE_INFINITY;
  syncs = 0;
  readonly #files = new WeakMap<OpenFile, string>();

  async open(path: string, flags: 'r' | 'wx' | 'w'): Promise<OpenFile> {
    if (flags !== 'r') this.#refuse(this.failsWrites);
    const file = await systemDisk.open(path, flags);
    this.#files.set(file, path);
    if (flags === 'r' && !path.endsWith('.data'))
      return {
        read: (...args: Parameters<OpenFile['read']>) => file.read(...args),
        stat: () => file.stat(),
        close: () => file.close(),
        datasync: () => file.datasync(),
        sync: async () => {
          await file.sync();
          this.syncedFolders.add(path);
        },
      } as OpenFile;
    let confirmed = 0;
    return {
      read: async (...args: Parameters<OpenFile['read']>) => {
        this.#refuse(this.failsReads);
        const [, , length, position] = args as unknown as [Buffer, number, number, number];
        const { badBytes } = this;
        if (badBytes && position < badBytes[1] && position + length > badBytes[0]) this.#refuse('EIO');
        const result = await file.read(...args);
        if (this.readsWait === undefined) return result;
        this.waitingReads++;
        await this.readsWait;
        return result;
      },
      writev: async (buffers: NodeJS.ArrayBufferView[], position?: number) => {
        this.#refuse(this.failsWrites);
        const bytes = buffers.reduce((sum, each) => sum + each.byteLength, 0);
        if (bytes > this.room) this.#refuse('ENOSPC');
        this.room -= bytes;
        return file.writev(buffers, position);
      },
      datasync: async () => {
        if (this.failsSyncs !== undefined && this.forgets) await truncate(path, confirmed);
        this.#refuse(this.failsSyncs);
        this.syncs++;
        await file.datasync();
        confirmed = (await file.stat()).size;
      },
      sync: () => {
        this.#refuse(this.failsSyncs);
        return file.sync();
      },
      close: () => file.close(),
      stat: () => file.stat(),
    } as OpenFile;
  }

  readdir = systemDisk.readdir;
  readFile = systemDisk.readFile;
  rename = systemDisk.rename;
  unlink: Disk['unlink'] = systemDisk.unlink;
  mkdir = systemDisk.mkdir;

  #refuse(code: string | undefined): void {
    if (code !== undefined) throw Object.assign(new Error(`${code}: refused by the test`), { code });
  }
}
