/**
 * One process at a time has a buffer open.
 *
 * Node has no flock. A file that names a process is worth little in containers, where each is process 1, and a socket that stays behind after
 * kill -9 cannot be taken over without a race. So the lock is the one that SQLite takes on its database file: the kernel's, which ends with the process whatever ends it,
 * and which holds across containers, and across machines where the file system has locks. The database stays empty.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { MkbError } from '../../api/errors.ts';

export const lockName = 'lock';
const busy = 5;

/** Takes the lock of a folder. Returns what gives it back. Throws `buffer-locked`, and `buffer-unusable` if there can be none. */
export function lockFolder(folder: string): () => void {
  // Loaded when needed: most bridges have no buffer on disk. Not by `import`, which bundlers of tests do not know it by.
  const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as typeof import('node:sqlite');
  try {
    const database = new DatabaseSync(join(folder, lockName), { timeout: 0 });
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;');
    } catch (error) {
      database.close();
      throw error;
    }
    return () => database.isOpen && database.close();
  } catch (cause) {
    if ((cause as { errcode?: number }).errcode === busy) throw new MkbError('buffer-locked', { folder }, { cause });
    throw new MkbError('buffer-unusable', { folder, reason: (cause as Error).message }, { cause });
  }
}
