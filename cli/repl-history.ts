/** Lines entered in earlier conversations: kept in the user's own folder, and nothing is said when that cannot be written. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const longest = 500;

/** The file, by the XDG Base Directory Specification. */
export const historyFile = (env: NodeJS.ProcessEnv = process.env): string =>
  path.join(env.XDG_STATE_HOME || path.join(homedir(), '.local', 'state'), 'mkb', 'history');

/** Newest first, as readline wants them. */
export const readHistory = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(-longest).reverse();
  } catch {
    return [];
  }
};

/** @param lines newest first. Payloads may be private, so only this user may read the file. */
export const writeHistory = (file: string, lines: readonly string[]): void => {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${lines.slice(0, longest).toReversed().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // A history that is lost is no reason to disturb anyone.
  }
};
