/**
 * Reads batches back, in the order of their files, a mebibyte at a time.
 *
 * Damage is passed over: behind bytes that are no batch the next one is found by its first word and checksum. What is missing shows as a gap
 * between ids, and whoever reads the ids counts it.
 */
import type { MkbError } from '../../api/errors.ts';
import { BadBlocks, type BlockPatience } from './bad-blocks.ts';
import { type BatchHeader, batchHeaderBytes, type Records, readBatchHeader } from './batch.ts';
import type { Disk, OpenFile } from './disk.ts';
import { fileHeaderBytes } from './log-file.ts';
import type { LogFile } from './log-files.ts';

const windowBytes = 1024 * 1024;

export class LogReader {
  readonly #disk: Disk;
  readonly #files: readonly LogFile[];
  readonly #blocks: BadBlocks;
  #file: LogFile | undefined;
  #handle: OpenFile | undefined;
  #offset = 0;
  #window = Buffer.allocUnsafeSlow(windowBytes);

  /**
   * @param files of the folder, oldest first; they may change between reads
   * @param gaveUp called with what is read no more because the disk does not give it
   */
  constructor(disk: Disk, files: readonly LogFile[], patience: BlockPatience, gaveUp: (error: MkbError) => void) {
    this.#disk = disk;
    this.#files = files;
    this.#blocks = new BadBlocks(patience, gaveUp);
  }

  /**
   * The next batches that hold ids from `id` on: some, or none if nothing more is written. They are valid until the next call. Ids never go back
   * from call to call. Throws what the disk does; then it may be called again.
   */
  async read(id: number): Promise<readonly Records[]> {
    while (await this.#turnTo(id)) {
      const batches = await this.#readWindow(id);
      if (batches.length > 0) return batches;
    }
    return [];
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#file = undefined;
    await handle?.close();
  }

  /** Opens the file that goes on with `id`. Returns whether something in it is still to be read. */
  async #turnTo(id: number): Promise<boolean> {
    const file = this.#file;
    const isRead = file !== undefined && this.#offset >= file.bytes;
    if (file !== undefined && !isRead && file.nextId > id && this.#files.includes(file)) return true;
    const next = this.#files.find(each => each.nextId > id && (!isRead || each.number > file.number));
    if (next === undefined) return false;
    await this.close();
    this.#handle = await openIfThere(this.#disk, next.path);
    this.#file = next;
    this.#offset = this.#handle ? fileHeaderBytes : next.bytes;
    return this.#handle !== undefined || this.#turnTo(id);
  }

  async #readWindow(id: number): Promise<Records[]> {
    // More may be written to it meanwhile.
    const fileBytes = this.#file!.bytes;
    const left = fileBytes - this.#offset;
    const bytes = Math.min(this.#window.length, left);
    const window = await this.#blocks.read(this.#handle!, this.#file!.path, bytes, this.#offset, this.#window);
    const isEnd = window.length < this.#window.length || window.length === left;
    const batches: Records[] = [];
    let at = 0;
    while (at + batchHeaderBytes <= window.length) {
      const header = readBatchHeader(window, at);
      if (header === undefined) {
        at += 4;
        continue;
      }
      const end = at + batchHeaderBytes + header.bytes;
      if (end > window.length && !isEnd) {
        // The next window begins with it, and holds all of it.
        if (at === 0) this.#window = Buffer.allocUnsafeSlow((Math.min(end, left) + 3) & ~3);
        break;
      }
      const records = header.firstId + header.count > id ? this.#records(window, at, header) : undefined;
      if (records) batches.push(records);
      at = Math.min(end, window.length);
    }
    this.#offset = isEnd ? fileBytes : this.#offset + at;
    return batches;
  }

  /** The records of a batch, or of its beginning where the file ends before it does; undefined if they cannot be decrypted. */
  #records(window: Buffer, at: number, { bytes, firstId, count }: BatchHeader): Records | undefined {
    const start = at + batchHeaderBytes;
    const end = Math.min(start + bytes, window.length);
    const cipher = this.#file!.header?.cipher;
    if (cipher === undefined)
      return {
        buffer: window,
        words: new Int32Array(window.buffer, 0, window.length >> 2),
        start,
        end,
        firstId,
        count,
      };
    const plain = cipher.decrypt(window.subarray(start, end), window.subarray(at, start), this.#offset + at);
    if (plain === undefined) return undefined;
    // In memory of its own, so that words lie at multiples of four.
    const buffer = Buffer.from(new Uint8Array(plain).buffer);
    return {
      buffer,
      words: new Int32Array(buffer.buffer, 0, buffer.length >> 2),
      start: 0,
      end: buffer.length,
      firstId,
      count,
    };
  }
}

/** A file that is gone does not come back: it was dropped, or its messages are lost. */
async function openIfThere(disk: Disk, path: string): Promise<OpenFile | undefined> {
  return disk.open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
