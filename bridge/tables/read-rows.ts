/** Reads the file of a table. */
import { open, stat } from 'node:fs/promises';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { MkbError } from '../../api/errors.ts';
import type { TableSection } from '../../api/schema/tables.ts';
import { bytes as bytesOf } from '../../api/units.ts';
import { type Rows, release } from '../../rules/tables/rows.ts';
import { ownBuffer, rowsAtOnceOf, rowsOfText, type Tables } from '../../rules/tables/tables.ts';

/** For how long nothing else gets a turn, milliseconds. */
const pieceMs = 5;

/** Throws `table-unreadable`, `table-invalid` and `table-too-large`. */
export async function readRows(section: TableSection): Promise<Rows> {
  const { file, text } = section;
  if (file === undefined) return rowsAtOnceOf(section, text!);
  const bytes = await bytesIn({ ...section, file });
  try {
    return await inPieces(rowsOfText(section, bytes));
  } catch (error) {
    release(bytes.buffer);
    throw error;
  }
}

async function inPieces(steps: Generator<void, Rows>): Promise<Rows> {
  let began = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - began < pieceMs) continue;
    await othersTurn();
    began = performance.now();
  }
}

/** Reads all tables once, as far as they can be read: those that cannot say why to whoever looks something up. */
export async function readOnce({ all }: Tables): Promise<void> {
  for (const table of all) {
    try {
      table.use(await readRows(table.section));
    } catch (error) {
      if (!MkbError.is(error)) throw error;
      table.problem = error.message;
    }
  }
}

async function bytesIn({ name, file, maxBytes }: TableSection & { file: string }): Promise<Buffer> {
  const unreadable = (reason: string, cause?: unknown) =>
    new MkbError('table-unreadable', { name, file, reason }, { cause });
  try {
    // Before it is opened, since what is no file may never open.
    if (!(await stat(file)).isFile()) throw unreadable('it is no file');
    await using handle = await open(file);
    const { size, mtimeMs } = await handle.stat();
    const limit = bytesOf(maxBytes);
    if (size > limit) throw new MkbError('table-too-large', { name, file, bytes: size, limit });
    const bytes = ownBuffer(size);
    let read = 0;
    while (read < size) {
      const { bytesRead } = await handle.read(bytes, read, size - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    const after = await handle.stat();
    if (read < size || after.size !== size || after.mtimeMs !== mtimeMs)
      throw unreadable('it changes while it is read');
    return bytes;
  } catch (error) {
    if (MkbError.is(error)) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw unreadable(reasons[code] ?? `it cannot be opened (${code})`, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EPERM: 'this user may not read it',
};
