/** The data files of a folder, oldest first: what is known of each without reading its messages. */
import { join } from 'node:path';
import { batchHeaderBytes, readBatchHeader } from './batch.ts';
import type { Disk } from './disk.ts';
import { type FileHeader, fileHeaderBytes, fileName, fileNumber, type ReadKey, readHeader } from './log-file.ts';

export interface LogFile {
  readonly number: number;
  readonly path: string;
  /** Id of its first record. */
  readonly firstId: number;
  /** Id after its last record; of the file that is written, after the last that is. */
  nextId: number;
  /** When it was made, milliseconds since 1970; 0 if its header is damaged. */
  readonly createdAt: number;
  /** Undefined if it is damaged. */
  readonly header: FileHeader | undefined;
  /** Bytes that are written. */
  bytes: number;
  /** Whether it says which messages it has. */
  readonly readable: boolean;
}

interface Inspected {
  readonly number: number;
  readonly path: string;
  readonly header: FileHeader | undefined;
  /** Undefined for a file of which nothing can be read. */
  readonly firstId: number | undefined;
  readonly bytes: number;
}

const searchedBytes = 1024 * 1024;

/**
 * The files of a folder. Each ends where the next begins; the end of the last is to be found (recovery.ts), and its `nextId` is its `firstId`.
 *
 * Reads headers only. Throws `buffer-version-unknown`, `buffer-key-missing` and `buffer-key-wrong`.
 */
export async function listFiles(disk: Disk, folder: string, key: ReadKey): Promise<LogFile[]> {
  const numbers = (await disk.readdir(folder)).flatMap(name => fileNumber(name) ?? []).sort((a, b) => a - b);
  const inspected: Inspected[] = [];
  for (const number of numbers) {
    const found = await inspect(disk, number, join(folder, fileName(number)), key).catch(ifThere);
    if (found) inspected.push(found);
  }
  return inspected.map(({ number, path, header, bytes, firstId }, at) => {
    const next = inspected.slice(at + 1).find(each => each.firstId !== undefined)?.firstId;
    const first = firstId ?? next ?? inspected.slice(0, at).findLast(each => each.firstId !== undefined)?.firstId ?? 0;
    // A file that was begun again after a failed write may repeat the end of the one before.
    const nextId = next === undefined ? first : Math.max(next, first);
    return {
      number,
      path,
      firstId: first,
      nextId,
      createdAt: header?.createdAt ?? 0,
      header,
      bytes,
      readable: firstId !== undefined,
    };
  });
}

/** Seen from outside, a file may be deleted while the folder is read: it was settled. */
export function ifThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function inspect(disk: Disk, number: number, path: string, key: ReadKey): Promise<Inspected> {
  const handle = await disk.open(path, 'r');
  try {
    const { size: bytes } = await handle.stat();
    const start = await readAt(handle, fileHeaderBytes, 0);
    const header = readHeader(start, path, key);
    const firstId = header?.firstId ?? firstIdIn(await readAt(handle, searchedBytes, 0));
    return { number, path, header, firstId, bytes };
  } finally {
    await handle.close();
  }
}

/** The id at which the first batch of a file begins whose header is damaged. */
function firstIdIn(bytes: Buffer): number | undefined {
  for (let at = 0; at + batchHeaderBytes <= bytes.length; at += 4) {
    const header = readBatchHeader(bytes, at);
    if (header) return header.firstId;
  }
  return undefined;
}

/** Up to `bytes` from `position` on. */
export async function readAt(
  handle: Pick<Awaited<ReturnType<Disk['open']>>, 'read'>,
  bytes: number,
  position: number,
  into: Buffer = Buffer.alloc(bytes),
): Promise<Buffer> {
  let length = 0;
  while (length < bytes) {
    const { bytesRead } = await handle.read(into, length, bytes - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return into.subarray(0, length);
}
