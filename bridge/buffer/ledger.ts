/**
 * What need not be read again: ids below `settled`, and those of `gone`, which were dropped or delivered without being written.
 *
 * It is one small file, written beside the old one and renamed over it, so that there is always a whole one. It is written once a second, and so it is behind: after a crash
 * messages that were settled since are handed over again. Without it everything in the data files is.
 */
import { join } from 'node:path';
import { crc32c } from '../kafka/crc32c.ts';
import { type Disk, syncFolder } from './disk.ts';

export type Range = readonly [from: number, to: number];

export interface Ledger {
  /** Every id below is settled. */
  readonly settled: number;
  /** Ids from `from` to before `to`, each above `settled`, in order. */
  readonly gone: readonly Range[];
  /** By what messages were chosen whose ids are `from` or above. */
  readonly plan?: Plan | undefined;
}

export interface Plan {
  readonly name: string;
  readonly from: number;
}

export const ledgerName = 'ledger';
const temporaryName = 'ledger.new';
const version = 1;

export async function writeLedger(disk: Disk, folder: string, { settled, gone, plan }: Ledger): Promise<void> {
  const text = JSON.stringify({ version, settled, gone, plan });
  const bytes = Buffer.from(`${crc32c(Buffer.from(text)).toString(16).padStart(8, '0')} ${text}\n`);
  const temporary = join(folder, temporaryName);
  const handle = await disk.open(temporary, 'w');
  try {
    await handle.writev([bytes]);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await disk.rename(temporary, join(folder, ledgerName));
  await syncFolder(disk, folder);
}

/** Undefined if there is none, or it is damaged. */
export async function readLedger(disk: Disk, folder: string): Promise<Ledger | undefined> {
  const bytes = await disk.readFile(join(folder, ledgerName)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const text = bytes.subarray(9, -1);
  if (Number.parseInt(bytes.toString('latin1', 0, 8), 16) !== crc32c(text)) return undefined;
  const { settled, gone, plan } = JSON.parse(text.toString());
  return { settled, gone, plan };
}
