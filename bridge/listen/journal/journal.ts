/**
 * Sessions on disk: what changes is appended, and read back when the bridge starts. Files, batches and checksums are those of the buffer (bridge/buffer/).
 *
 * What is appended in one turn, and while the disk confirms what came before, is written at once: group commit. `whenSaved` says when the disk has it.
 *
 * Old entries are of no use any more, but for those that say how things are now. When the files are several times larger than these, the oldest file is
 * given up: its host appends again what only that file says, and then it is deleted. So no pause is longer than a file.
 *
 * While the disk refuses, nothing is saved, and it is tried again each second. What waits for it in memory is bounded: beyond that it is let go, and when the
 * disk works again all is written as if to an empty folder.
 */
import { join } from 'node:path';
import { MkbError } from '../../../api/errors.ts';
import { usualPatience } from '../../buffer/bad-blocks.ts';
import { makeFolder, syncFile, systemDisk } from '../../buffer/disk.ts';
import { LogReader } from '../../buffer/log-reader.ts';
import { LogStore } from '../../buffer/log-store.ts';
import { MemoryBatches } from '../../buffer/memory-batches.ts';
import type { StoreOptions } from '../../buffer/options.ts';
import { recover } from '../../buffer/recovery.ts';
import { type Entry, encodeEntry, type Heads, type Kind } from './entries.ts';
import { replay } from './replay.ts';

export interface JournalHost {
  /** An entry that was found, in order. */
  replay(entry: Entry, id: number): void;
  /** Appends again what is so now and is said by no entry of `id` or above. */
  appendAgain(id: number): void;
  /** Bytes of entries that say how things are, roughly. */
  readonly liveBytes: number;
  problem(error: MkbError): void;
}

const mebibyte = 2 ** 20;
const fileBytes = 4 * mebibyte;
/** What is of no use may be as large as what is, and so much more. */
const spareBytes = 16 * mebibyte;
const mostWaiting = 32 * mebibyte;
const againMs = 1000;

/** The folder of sessions in that of the buffer. */
export const sessionsFolder = 'sessions';

export class Journal {
  readonly #options: StoreOptions;
  readonly #folder: string;
  readonly #host: JournalHost;
  readonly #store: LogStore;
  readonly #batches = new MemoryBatches();
  /** What is called when entries up to an id are saved, in order. */
  #waiting: { readonly to: number; readonly then: () => void; readonly patient: boolean }[] = [];
  #nextId: number;
  #savedTo: number;
  /** Whether the disk refused what it was given last. */
  failing = false;
  /** Whether entries were let go: what is on disk is not the whole. */
  #incomplete = false;
  #work: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: StoreOptions, host: JournalHost, store: LogStore, nextId: number) {
    this.#options = options;
    this.#folder = join(options.folder, sessionsFolder);
    this.#host = host;
    this.#store = store;
    this.#nextId = nextId;
    this.#savedTo = nextId;
  }

  /** @param options of the buffer, whose folder is locked. Throws `buffer-unusable` and as `recover` */
  static async open(options: StoreOptions, host: JournalHost): Promise<Journal> {
    const { key, disk = systemDisk } = options;
    const folder = join(options.folder, sessionsFolder);
    try {
      await makeFolder(disk, folder);
      const recovered = await recover(disk, folder, key);
      const last = recovered.files.at(-1);
      if (last) await syncFile(disk, last.path);
      const reader = new LogReader(disk, recovered.files, usualPatience, error => host.problem(error));
      const lost = await replay(reader, recovered, (entry, id) => host.replay(entry, id));
      await reader.close();
      if (lost > 0) host.problem(new MkbError('sessions-damaged', { folder, count: lost }));
      const store = new LogStore({ disk, folder, key, fileBytes, now: Date.now }, recovered.files, recovered.nextId);
      return new Journal(options, host, store, recovered.nextId);
    } catch (cause) {
      if (MkbError.is(cause)) throw cause;
      throw new MkbError('buffer-unusable', { folder, reason: (cause as Error).message }, { cause });
    }
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** The id that the next entry gets. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Whether something was appended that is not saved, and may soon be. */
  get pending(): boolean {
    return !this.failing && this.#savedTo < this.#nextId;
  }

  /** Whether the disk has an entry. */
  isSaved(id: number): boolean {
    return id < this.#savedTo;
  }

  /** Returns its id. */
  append<K extends Kind>(kind: K, head: Heads[K], bytes?: Buffer): number {
    const id = this.#nextId++;
    if (this.#incomplete || this.#closed) return id;
    const entry = encodeEntry(kind, head, bytes);
    this.#batches.roomFor(entry, id).add(entry, undefined);
    if (this.failing && this.#batches.usedBytes > mostWaiting) this.#letGo();
    else if (!this.failing) this.#wake();
    return id;
  }

  /** Calls back when all that was appended is saved, or the disk refuses it: at once, if that is so now. */
  whenSaved(then: () => void): void {
    if (this.pending) this.#waiting.push({ to: this.#nextId, then, patient: false });
    else then();
  }

  /** Calls back when all that was appended is saved, however long the disk refuses it. */
  onceSaved(then: () => void): void {
    if (this.#savedTo < this.#nextId) this.#waiting.push({ to: this.#nextId, then, patient: true });
    else then();
  }

  /** Returns when all that was appended is saved, or the disk refuses it. */
  saved(): Promise<void> {
    return new Promise(resolve => this.whenSaved(resolve));
  }

  /** Writes what is left. Nothing may be appended any more. */
  async close(): Promise<void> {
    this.append('closed', {});
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#work;
    await this.#attempt(() => this.#commit());
    await this.#attempt(() => this.#store.sync());
    await this.#store.close().catch(() => undefined);
  }

  #wake(): void {
    // All of one turn is one write.
    this.#work ??= Promise.resolve().then(() => this.#run());
  }

  async #run(): Promise<void> {
    while (!this.failing && this.#batches.at(0) !== undefined) {
      await this.#attempt(() => this.#commit());
      if (!this.failing) await this.#attempt(() => this.#tidy());
    }
    this.#work = undefined;
  }

  async #commit(): Promise<void> {
    const batches = this.#batches.seal();
    if (batches.length === 0) return;
    try {
      await this.#store.write(batches);
      if (this.#options.fsync === 'always') await this.#store.sync();
    } catch (error) {
      for (const batch of batches) batch.sealed = false;
      throw error;
    }
    this.#savedTo = batches.at(-1)!.nextId;
    for (const batch of batches) this.#batches.remove(batch);
    this.#notify();
    if (this.#options.fsync === 'interval') this.#timer ??= setTimeout(() => void this.#confirm(), againMs);
  }

  async #confirm(): Promise<void> {
    this.#timer = undefined;
    await this.#work;
    await this.#attempt(() => this.#store.sync());
  }

  /** Gives up the oldest files, while all of them are much larger than need be. */
  async #tidy(): Promise<void> {
    const file = this.#store.files[0];
    if (file === undefined || this.#store.bytes <= 2 * this.#host.liveBytes + spareBytes) return;
    if (this.#store.isCurrent(file)) return;
    this.#host.appendAgain(file.nextId);
    await this.#commit();
    await this.#store.sync();
    await this.#store.remove(file);
  }

  #notify(): void {
    const due = this.#waiting.findIndex(({ to }) => to > this.#savedTo);
    const ready = this.#waiting.splice(0, due < 0 ? this.#waiting.length : due);
    for (const { then } of ready) then();
  }

  /** What is in memory is let go. */
  #letGo(): void {
    this.#incomplete = true;
    for (let batch = this.#batches.at(0); batch; batch = this.#batches.at(0)) this.#batches.remove(batch);
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (cause) {
      this.failing = true;
      const { code, message } = cause as NodeJS.ErrnoException;
      this.#host.problem(
        new MkbError('sessions-write-failed', { folder: this.#folder, reason: code ?? message }, { cause }),
      );
      const waiting = this.#waiting;
      this.#waiting = waiting.filter(({ patient }) => patient);
      for (const { then, patient } of waiting) if (!patient) then();
      if (!this.#closed) this.#timer ??= setTimeout(() => this.#again(), againMs);
    }
  }

  #again(): void {
    this.#timer = undefined;
    this.failing = false;
    // What was written and not confirmed may be gone, too.
    if (this.#incomplete || this.#store.doubtful) {
      this.#letGo();
      this.#incomplete = false;
      const from = this.append('reset', {});
      this.#host.appendAgain(from);
    }
    this.#wake();
  }
}
