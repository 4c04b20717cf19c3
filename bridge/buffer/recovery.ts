/**
 * What a folder holds when a buffer is opened. Headers are read and the end of the last file is looked for; messages are read when they are due, so that
 * a million of them cost no time now.
 *
 * The last file may end within a batch: the process was killed while it wrote, or the machine lost power. What is whole of that batch is kept; its other ids are
 * `torn`, and were not acknowledged where `fsync: always` holds.
 */
import { batchHeaderBytes, readBatchHeader } from './batch.ts';
import type { Disk } from './disk.ts';
import { type Ledger, type Range, readLedger } from './ledger.ts';
import { fileHeaderBytes, type ReadKey } from './log-file.ts';
import { ifThere, type LogFile, listFiles, readAt } from './log-files.ts';

export interface Recovered {
  readonly files: readonly LogFile[];
  /** The first id that is to be handed over. */
  readonly readId: number;
  /** The id of the next message that comes. */
  readonly nextId: number;
  readonly gone: Ledger['gone'];
  readonly plan: Ledger['plan'];
  /** Whether there are data files and no ledger that can be read. */
  readonly ledgerLost: boolean;
  /** Ids that may be missing because a process or the machine died while they were written. */
  readonly torn: readonly Range[];
  /** Id up to which the files have everything that was to be written. */
  readonly writtenTo: number;
}

/** Reads what there is, and changes nothing. Throws as `listFiles`. */
export async function recover(disk: Disk, folder: string, key: ReadKey): Promise<Recovered> {
  const listed = await listFiles(disk, folder, key);
  const ledger = await readLedger(disk, folder).catch(() => undefined);
  const files = listed.slice(0, listed.findLastIndex(file => file.readable) + 1);
  const last = files.at(-1);
  const end = last && (await endOf(disk, last).catch(ifThere));
  const fileEnd = Math.max(last?.nextId ?? 0, end?.nextId ?? 0);
  if (last) last.nextId = fileEnd;
  // A process that died when it had made a file leaves nothing in it. It is the last, but says nothing of the end of the one before.
  for (const file of listed.slice(files.length)) files.push({ ...file, firstId: fileEnd, nextId: fileEnd });
  const torn = files.flatMap(({ header, firstId }): Range[] =>
    header && header.writtenTo < firstId ? [[header.writtenTo, firstId]] : [],
  );
  if (end?.tornFrom !== undefined) torn.push([end.tornFrom, fileEnd]);
  const firstId = files[0]?.firstId ?? 0;
  // A number of its own for each message, even if the file that had the last ones is lost.
  const nextId = Math.max(fileEnd, ledger?.settled ?? 0, ledger?.gone.at(-1)?.[1] ?? 0);
  return {
    files,
    readId: ledger?.settled ?? firstId,
    nextId,
    gone: ledger?.gone ?? [],
    plan: ledger?.plan,
    ledgerLost: ledger === undefined && files.length > 0,
    torn,
    writtenTo: end?.tornFrom ?? nextId,
  };
}

const windowBytes = 1024 * 1024;

/** Where the batches of a file end. */
async function endOf(disk: Disk, file: LogFile): Promise<{ nextId: number; tornFrom: number | undefined }> {
  const handle = await disk.open(file.path, 'r');
  const memory = Buffer.allocUnsafeSlow(windowBytes);
  try {
    let nextId = file.firstId;
    let position = fileHeaderBytes;
    while (position + batchHeaderBytes <= file.bytes) {
      const window = await readAt(handle, windowBytes, position, memory);
      let at = 0;
      while (at + batchHeaderBytes <= window.length) {
        const header = readBatchHeader(window, at);
        if (header) nextId = header.firstId + header.count;
        // Behind bytes that are no batch one may begin at any word.
        at += header ? batchHeaderBytes + header.bytes : 4;
        if (header && position + at > file.bytes) return { nextId, tornFrom: header.firstId };
      }
      position += at;
    }
    return { nextId, tornFrom: undefined };
  } finally {
    await handle.close();
  }
}
