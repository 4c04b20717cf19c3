/**
 * Looks into a buffer from outside, and changes nothing: whether or not a bridge has it open.
 *
 * A bridge that runs deletes files and writes others meanwhile. A file that goes away was settled, and the end of the last one may be under way: so what is missing is looked for once more when all is read.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MkbError } from '../../api/errors.ts';
import { MqttMessage } from '../mqtt/message.ts';
import { Topics } from '../mqtt/topics.ts';
import { noPatience } from './bad-blocks.ts';
import { nextRecord, type Records } from './batch.ts';
import { systemDisk } from './disk.ts';
import { Gone } from './gone.ts';
import type { Range } from './ledger.ts';
import { lockFolder, lockName } from './lock.ts';
import { fileNumber, type ReadKey } from './log-file.ts';
import { LogReader } from './log-reader.ts';
import { isRecord, readRecord, recordBytes, recordId } from './message-record.ts';
import { Publishers } from './publishers.ts';
import { type Recovered, recover } from './recovery.ts';

export interface BufferState {
  readonly folder: string;
  /** Whether a process has it open; undefined if that cannot be found out. */
  readonly open: boolean | undefined;
  /** Messages that are not settled as far as the ledger knows, which is up to a second behind. */
  readonly messages: number;
  readonly files: number;
  readonly bytes: number;
  readonly encrypted: boolean;
  /** When the oldest file was made that has some of them, milliseconds since 1970; undefined for none. */
  readonly oldestAt: number | undefined;
  readonly ledger: 'read' | 'missing or damaged' | 'none needed';
}

/** The folders of buffers: `path` itself, or those in it. Throws `buffer-absent`. */
export async function findBuffers(path: string): Promise<string[]> {
  const names = await readdir(path, { withFileTypes: true }).catch(() => []);
  if (isBuffer(names.map(({ name }) => name))) return [path];
  const inner = names.filter(each => each.isDirectory()).map(({ name }) => join(path, name));
  const found: string[] = [];
  for (const folder of inner.sort()) if (isBuffer(await readdir(folder).catch(() => []))) found.push(folder);
  if (found.length === 0) throw new MkbError('buffer-absent', { folder: path });
  return found;
}

const isBuffer = (names: readonly string[]): boolean =>
  names.includes(lockName) || names.some(name => fileNumber(name) !== undefined);

/** Reads headers only. Throws `buffer-version-unknown`. */
export async function stateOf(folder: string): Promise<BufferState> {
  const recovered = await recover(systemDisk, folder, 'unread');
  const { files, readId, nextId, gone, ledgerLost } = recovered;
  const messages = nextId - readId - new Gone(gone).between(readId, nextId);
  const first = files.find(each => each.nextId > readId);
  return {
    folder,
    open: await isOpen(folder),
    messages,
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    encrypted: files.some(({ header }) => header?.encrypted),
    oldestAt: messages > 0 && first && first.createdAt > 0 ? first.createdAt : undefined,
    ledger: ledgerLost ? 'missing or damaged' : files.length === 0 ? 'none needed' : 'read',
  };
}

async function isOpen(folder: string): Promise<boolean | undefined> {
  if (!(await readdir(folder)).includes(lockName)) return false;
  try {
    lockFolder(folder)();
    return false;
  } catch (error) {
    return MkbError.is(error, 'buffer-locked') ? true : undefined;
  }
}

export interface Walker {
  /** A message that is not settled, valid during the call. */
  readonly message?: (message: MqttMessage, id: number) => void;
  /** Ids that cannot be read. */
  readonly missing?: (from: number, to: number, torn: boolean) => void;
}

/** Reads all messages that are not settled. Throws as `recover`. Returns how many there are. */
export async function walk(folder: string, key: ReadKey, walker: Walker): Promise<number> {
  const recovered = await recover(systemDisk, folder, key);
  const reader = new LogReader(systemDisk, recovered.files, noPatience, () => undefined);
  const walking = new Walking(recovered, walker);
  try {
    for (;;) {
      const batches = await readOn(reader, walking.next);
      for (const batch of batches) walking.read(batch);
      if (batches.length === 0) break;
    }
  } finally {
    await reader.close();
  }
  walking.skipTo(recovered.nextId);
  if (walking.lost.length > 0) reportLost(walking.lost, await recover(systemDisk, folder, key), walker);
  return walking.count;
}

/** A file that has been deleted since was settled. */
async function readOn(reader: LogReader, from: number): Promise<readonly Records[]> {
  try {
    return await reader.read(from);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** What has been delivered or dropped since, or written to its end, is not missing. */
function reportLost(lost: readonly Range[], now: Recovered, walker: Walker): void {
  const gone = new Gone(now.gone);
  for (const [first, to] of lost) {
    const from = Math.max(first, now.readId);
    const missing = to - from - gone.between(from, Math.max(from, to));
    if (missing <= 0) continue;
    const torn = gone.leftOf(now.torn, from, to);
    walker.missing?.(from, to, torn === missing);
  }
}

class Walking {
  next: number;
  count = 0;
  /** Ids that were not found. */
  readonly lost: Range[] = [];
  readonly #gone: Gone;
  readonly #walker: Walker;
  readonly #message = new MqttMessage('00000000');
  readonly #known = { topics: new Topics(), publishers: new Publishers() };

  constructor(recovered: Recovered, walker: Walker) {
    this.#gone = new Gone(recovered.gone);
    this.#walker = walker;
    this.next = recovered.readId;
  }

  read(records: Records): void {
    const { buffer, words, end } = records;
    for (let at = records.start; at < end; ) {
      if (!isRecord(words, at, end)) {
        at = nextRecord(records, at, this.next);
        continue;
      }
      const id = recordId(words, at);
      if (id >= this.next) {
        this.skipTo(id);
        this.next = id + 1;
        this.count++;
        readRecord(buffer, words, at, this.#message, this.#known);
        this.#message.arrival = id;
        this.#walker.message?.(this.#message, id);
      }
      at += recordBytes(words, at);
    }
  }

  skipTo(id: number): void {
    const from = this.next;
    if (id <= from) return;
    this.next = id;
    if (id - from > this.#gone.between(from, id)) this.lost.push([from, id]);
  }
}
