/**
 * Runs something again whenever one of the files changes. Folders are watched rather than files: most editors replace a file by another
 * one of its name, and a watched file would then be the one that is gone.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';
import { printError } from './output.ts';
import { StopSignal } from './signals.ts';

const quietMs = 50;

/** Runs once, and again after each change, until the process is asked to stop. */
export const watchFiles = async (files: readonly string[], run: () => Promise<number>): Promise<void> => {
  const stop = new StopSignal();
  const runOrTell = (): Promise<unknown> => run().catch(printError);
  let running = runOrTell();
  let soon: NodeJS.Timeout | undefined;
  const again = (): void => {
    clearTimeout(soon);
    soon = setTimeout(() => {
      running = running.then(() => {
        process.stdout.write(`\n--- ${new Date().toLocaleTimeString()}\n`);
        return runOrTell();
      });
    }, quietMs);
  };
  const watchers = foldersOf(files).map(
    (folder): FSWatcher =>
      watch(folder, (_event, name) => {
        if (name === null || /\.(ya?ml|json)$/i.test(name)) again();
      }),
  );
  await running;
  process.stdout.write('\nWatching; Ctrl-C ends.\n');
  await stop.came;
  stop.forget();
  clearTimeout(soon);
  for (const watcher of watchers) watcher.close();
  await running;
};

/** What is not there cannot be watched; the run tells it. */
const foldersOf = (files: readonly string[]): string[] => {
  const folders = files.filter(file => file !== '-').map(file => (isFolder(file) ? file : path.dirname(file)));
  return [...new Set(folders)].filter(isFolder);
};

const isFolder = (name: string): boolean => statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
