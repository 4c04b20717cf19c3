/** A clock that a test sets while a process runs: libfaketime. What counts the time that passes (timers, `performance.now()`) is left alone. */
import { globSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The library, or undefined when it is not installed. */
export const faketimeLibrary = (): string | undefined => globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];

export interface SettableClock {
  /** What the process is started with. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the clock so many seconds before (negative) or after the machine's. */
  set(seconds: number): void;
}

/** @param folder where the file is that says how far the clock is off */
export function settableClock(folder: string): SettableClock {
  const file = join(folder, 'clock');
  const set = (seconds: number): void => {
    // The library reads it at any time, and must find it whole.
    writeFileSync(`${file}.new`, seconds < 0 ? `${seconds}` : `+${seconds}`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  const env = {
    LD_PRELOAD: faketimeLibrary()!,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { env, set };
}
