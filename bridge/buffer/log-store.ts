/**
 * The data files of a buffer that is open: written at the end, deleted whole at the beginning.
 *
 * After any failure to write, the file is left as it is and the next batch begins a new one. So nobody has to know how much of it reached the disk:
 * what was not confirmed is written again, and then the other file is read no further than to there.
 */
import { join } from 'node:path';
import { batchHeaderBytes, writeBatchHeader } from './batch.ts';
import { tagBytes } from './cipher.ts';
import { type Disk, type OpenFile, syncFolder } from './disk.ts';
import { fileHeaderBytes, fileName, newHeader } from './log-file.ts';
import type { LogFile } from './log-files.ts';
import type { Sealed } from './unconfirmed.ts';

export interface LogStoreOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly key: Buffer | undefined;
  /** A file that has as much is followed by another. */
  readonly fileBytes: number;
  readonly now: () => number;
}

export class LogStore {
  /** Oldest first. */
  readonly files: LogFile[];
  /** Bytes of all files. */
  bytes: number;
  /** Id up to which the disk has confirmed everything. */
  #confirmedTo: number;
  readonly #options: LogStoreOptions;
  /** Of the last file. No number comes again: a reader knows by it what is behind the file that it has read. */
  #number: number;
  /** Id up to which everything is written that was to be. */
  #writtenTo: number;
  #file: LogFile | undefined;
  #handle: OpenFile | undefined;

  /** @param writtenTo id up to which they have everything that was to be written */
  constructor(options: LogStoreOptions, files: readonly LogFile[], writtenTo: number) {
    this.#options = options;
    this.files = [...files];
    this.#number = files.at(-1)?.number ?? 0;
    this.#writtenTo = writtenTo;
    this.#confirmedTo = writtenTo;
    this.bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Whether it is written to. */
  isCurrent(file: LogFile): boolean {
    return this.#file === file;
  }

  /** Whether something is written and not confirmed by the disk. */
  get dirty(): boolean {
    return this.#writtenTo > this.#confirmedTo;
  }

  /** Whether that can be confirmed no more: it is to be written again. */
  get doubtful(): boolean {
    return this.dirty && this.#handle === undefined;
  }

  /** Writes sealed batches. Throws what the disk does; then it may be `doubtful`. */
  async write(batches: readonly Sealed[]): Promise<void> {
    if (this.#file !== undefined && this.#file.bytes >= this.#options.fileBytes) await this.endFile();
    await this.#attempt(async () => {
      if (this.#handle === undefined) await this.#begin(batches[0]!.firstId);
      const file = this.#file!;
      let position = file.bytes;
      const parts: Buffer[] = [];
      for (const batch of batches) {
        const bytes = this.#bytesOf(batch, position, parts);
        position += bytes;
      }
      await writeAll(this.#handle!, parts, file.bytes);
      this.bytes += position - file.bytes;
      file.bytes = position;
      file.nextId = batches.at(-1)!.nextId;
      this.#writtenTo = Math.max(this.#writtenTo, file.nextId);
      this.#readFrom(file, batches[0]!.firstId);
    });
  }

  /** Has the disk confirm what was written. Throws as `write`. */
  async sync(): Promise<void> {
    if (!this.dirty || this.#handle === undefined) return;
    await this.#attempt(this.#confirm);
  }

  /** The next batch begins a new file. Throws as `write`. */
  async endFile(): Promise<void> {
    await this.sync();
    await this.#letGo();
  }

  /** Deletes a file. Throws what the disk does; then it may be called again. */
  async remove(file: LogFile): Promise<void> {
    await this.#options.disk.unlink(file.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const at = this.files.indexOf(file);
    if (at < 0) return;
    this.files.splice(at, 1);
    this.bytes -= file.bytes;
  }

  async close(): Promise<void> {
    await this.#letGo();
  }

  readonly #confirm = async (): Promise<void> => {
    await this.#handle!.datasync();
    this.#confirmedTo = this.#writtenTo;
  };

  /** What other files have from `id` on is in this one again. */
  #readFrom(file: LogFile, id: number): void {
    for (let at = this.files.length - 2; at >= 0 && this.files[at]!.nextId > id; at--) {
      const other = this.files[at]!;
      if (other !== file) other.nextId = Math.max(other.firstId, id);
    }
  }

  async #begin(firstId: number): Promise<void> {
    const { disk, folder, key, now } = this.#options;
    const number = ++this.#number;
    const path = join(folder, fileName(number));
    const { bytes, ...header } = newHeader(
      { firstId, writtenTo: Math.min(this.#writtenTo, firstId), createdAt: now() },
      key,
    );
    const handle = await disk.open(path, 'wx');
    this.#handle = handle;
    this.#file = {
      number,
      path,
      firstId,
      nextId: firstId,
      createdAt: header.createdAt,
      header,
      bytes: fileHeaderBytes,
      readable: true,
    };
    this.files.push(this.#file);
    this.bytes += fileHeaderBytes;
    await writeAll(handle, [bytes], 0);
    await syncFolder(disk, folder);
  }

  /** Adds what is written for a batch to `parts`. Returns its bytes. */
  #bytesOf(batch: Sealed, position: number, parts: Buffer[]): number {
    const sealed = batch.seal();
    const cipher = this.#file!.header?.cipher;
    if (cipher === undefined) {
      parts.push(sealed);
      return sealed.length;
    }
    const plain = sealed.subarray(batchHeaderBytes);
    const header = Buffer.alloc(batchHeaderBytes);
    const { firstId, count, firstAt = 0 } = batch;
    writeBatchHeader(header, { bytes: plain.length + tagBytes, count, firstId, firstAt });
    const body = cipher.encrypt(plain, header, position);
    parts.push(header, body);
    return header.length + body.length;
  }

  async #attempt(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const file = this.#file;
      // A full disk may still confirm what it has. One that has failed to is not asked twice: it would say yes.
      const mayConfirm = this.dirty && this.#handle !== undefined && action !== this.#confirm;
      if (mayConfirm) await this.#confirm().catch(() => undefined);
      await this.#letGo().catch(() => undefined);
      // Nothing is in it, and a full disk needs the room.
      if (file?.nextId === file?.firstId && file !== undefined) await this.remove(file).catch(() => undefined);
      throw error;
    }
  }

  async #letGo(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#file = undefined;
    await handle?.close();
  }
}

/** As much as a system call takes at once may be less than all. */
async function writeAll(handle: OpenFile, given: readonly Buffer[], from: number): Promise<void> {
  let parts = given;
  let position = from;
  while (parts.length > 0) {
    const { bytesWritten } = await handle.writev(parts as Buffer[], position);
    position += bytesWritten;
    let rest = bytesWritten;
    parts = parts.flatMap(part => {
      const written = Math.min(rest, part.length);
      rest -= written;
      return written === part.length ? [] : [part.subarray(written)];
    });
  }
}
