/**
 * Writes what a buffer takes, and tidies what it has settled: one thing after the other, so that no two of them meet in a file.
 *
 * While a write is under way, or the disk confirms it, messages go on coming; the next write has all of them. That is group commit: under load one fsync is shared by as many messages
 * as came during the one before, and a message alone waits for nobody.
 *
 * What the disk refuses is tried again once a second, in a new file. Meanwhile the buffer goes on as one without a disk (message-buffer.ts).
 */
import { MkbError } from '../../api/errors.ts';
import type { Batch } from './batch.ts';
import type { Disk } from './disk.ts';
import type { SyncFigures } from './figures.ts';
import { type Ledger, type Plan, writeLedger } from './ledger.ts';
import type { LogStore } from './log-store.ts';
import type { MessageBuffer } from './message-buffer.ts';
import { Unconfirmed } from './unconfirmed.ts';

export interface CommitterOptions {
  readonly store: LogStore;
  readonly disk: Disk;
  readonly folder: string;
  readonly fsync: 'always' | 'interval';
  /** The most that the files may have, bytes. */
  readonly maxBytes: number;
  readonly dropsOldest: boolean;
  /** A file has about as much. */
  readonly fileBytes: number;
  readonly plan: Plan | undefined;
  /** Is waited for before each write. */
  readonly before: (() => Promise<void>) | undefined;
  readonly problem: (error: MkbError) => void;
}

const tickMs = 1000;

export class Committer implements SyncFigures {
  syncs = 0;
  syncSeconds = 0;
  readonly #options: CommitterOptions;
  readonly #buffer: MessageBuffer;
  readonly #store: LogStore;
  readonly #timer: NodeJS.Timeout;
  readonly #unconfirmed = new Unconfirmed();
  #work: Promise<void> | undefined;
  #wanted = false;
  #ticked = false;
  #ledger: Ledger | undefined;

  constructor(options: CommitterOptions, buffer: MessageBuffer) {
    this.#options = options;
    this.#buffer = buffer;
    this.#store = options.store;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Writes down by what messages are chosen that come from now on. Call it before they do. */
  async begin(): Promise<void> {
    await this.#attempt(() => this.#writeLedger());
  }

  /** There may be something to write. */
  wake(): void {
    if (this.#buffer.failing) return;
    this.#wanted = true;
    this.#work ??= this.#run();
  }

  /** Writes what is left, and the ledger. Call it once, when nothing more comes. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#wanted = true;
    await this.#work;
    await this.#attempt(() => this.#commit());
    await this.#attempt(() => this.#sync());
    await this.#store.close().catch(() => undefined);
    await this.#attempt(() => this.#tidy());
  }

  #tick(): void {
    // It is tried again.
    this.#buffer.failing = false;
    this.#ticked = true;
    this.#wanted = true;
    this.#work ??= this.#run();
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      this.#wanted = false;
      const ticked = this.#ticked;
      this.#ticked = false;
      await this.#attempt(() => this.#commit());
      if (ticked) await this.#attempt(() => this.#sync());
      if (ticked || this.#anySettled) await this.#attempt(() => this.#tidy());
    }
    this.#work = undefined;
  }

  async #commit(): Promise<void> {
    const batches = [...this.#buffer.unwritten()];
    try {
      if (batches.length > 0) await this.#options.before?.();
      await this.#writeAgain();
      while (batches.length > 0) {
        const group = firstOf(batches, this.#options.fileBytes);
        if (this.#options.dropsOldest) await this.#dropOldest(bytesOf(group));
        await this.#store.write(group);
        if (this.#options.fsync === 'always') await this.#sync();
        else for (const batch of group) this.#unconfirmed.add(batch);
        batches.splice(0, group.length);
        this.#buffer.wrote(group);
        if (this.#unconfirmed.isFull) await this.#sync();
      }
    } catch (error) {
      this.#buffer.notWritten(batches);
      throw error;
    }
  }

  async #sync(): Promise<void> {
    if (this.#store.dirty && !this.#store.doubtful) {
      const begun = performance.now();
      await this.#store.sync().catch(error => {
        this.#buffer.notWritten([]);
        throw error;
      });
      this.syncSeconds += (performance.now() - begun) / 1000;
      this.syncs++;
    }
    if (!this.#store.dirty) this.#unconfirmed.clear();
  }

  /** What the disk has failed to confirm. */
  async #writeAgain(): Promise<void> {
    if (!this.#store.doubtful || this.#unconfirmed.batches.length === 0) return;
    await this.#store.write(this.#unconfirmed.batches);
    await this.#sync();
    this.#buffer.wrote([]);
  }

  /** Makes room for `bytes` by whole files, the oldest that were not handed over first. */
  async #dropOldest(bytes: number): Promise<void> {
    const { files } = this.#store;
    while (this.#store.bytes + bytes > this.#options.maxBytes) {
      const file = files.find(each => each.nextId > this.#buffer.readId);
      if (file === undefined) return;
      if (this.#store.isCurrent(file)) await this.#store.endFile();
      this.#buffer.dropBefore(file.nextId);
      await this.#writeLedger();
      for (const each of files.filter(({ nextId }) => nextId <= this.#buffer.readId))
        if (!this.#buffer.isUnderWay(each.firstId, each.nextId)) await this.#store.remove(each);
    }
  }

  get #anySettled(): boolean {
    const first = this.#store.files[0];
    return first !== undefined && first.nextId <= this.#buffer.settledBelow && !this.#store.isCurrent(first);
  }

  /** Writes the ledger, and deletes files of which all is settled. */
  async #tidy(): Promise<void> {
    const failure = await this.#writeLedger().catch(cause => cause as NodeJS.ErrnoException);
    // A disk that is full may have no room for the ledger before a file is gone.
    if (failure && failure.code !== 'ENOSPC' && failure.code !== 'EDQUOT') throw failure;
    const below = this.#buffer.settledBelow;
    for (const file of this.#store.files.filter(({ nextId }) => nextId <= below))
      if (!this.#store.isCurrent(file)) await this.#store.remove(file);
    if (failure) await this.#writeLedger();
    this.#buffer.room();
  }

  async #writeLedger(): Promise<void> {
    const ledger = { settled: this.#buffer.settledBelow, gone: this.#buffer.gone.ranges, plan: this.#options.plan };
    if (ledger.settled === this.#ledger?.settled && ledger.gone === this.#ledger.gone) return;
    const { disk, folder } = this.#options;
    await writeLedger(disk, folder, ledger);
    this.#ledger = ledger;
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (cause) {
      this.#options.problem(failureOf(cause, this.#options.folder));
    }
  }
}

const bytesOf = (batches: readonly Batch[]): number => batches.reduce((sum, { end }) => sum + end, 0);

/** As many of the first batches as a file takes, one at least. */
function firstOf(batches: readonly Batch[], fileBytes: number): Batch[] {
  let bytes = 0;
  const count = batches.findIndex(({ end }) => {
    bytes += end;
    return bytes >= fileBytes;
  });
  return batches.slice(0, count < 0 ? batches.length : count + 1);
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EFBIG: 'files may not grow so large',
  EROFS: 'the disk is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EIO: 'the disk fails',
  EMFILE: 'too many files are open',
  ENOENT: 'the folder is gone',
};

function failureOf(cause: unknown, folder: string): MkbError {
  if (MkbError.is(cause)) return cause;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new MkbError('buffer-write-failed', { folder, reason: reasons[code] ?? message }, { cause });
}
