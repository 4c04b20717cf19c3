import { setTimeout as pause } from 'node:timers/promises';

/** How much longer than it has time an answer may take that was asked for before. */
const graceMs = 30_000;

/**
 * Waits until `state` gives something truthy, and returns that. An exception counts as not yet.
 *
 * @param what the state, as the end of "Waited 60 s for ..."
 * @throws Error when `timeoutMs` has passed, with what `state` threw last as its cause, or that it gave no answer
 */
export async function until<T>(
  what: string,
  state: () => T | Promise<T>,
  { timeoutMs = 60_000, everyMs = 25 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await within(state(), deadline + graceMs - performance.now());
      if (value) return value;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s for ${what}.`, { cause });
    await pause(everyMs);
  }
}

/** The same for the start of a program, which takes long where everything is slow. */
export const untilStarted: typeof until = (what, state, options) =>
  until(what, state, { timeoutMs: 180_000, ...options });

/** What hangs for ever would keep its test from saying what it waited for. */
async function within<T>(value: T | Promise<T>, limitMs: number): Promise<T> {
  if (!(value instanceof Promise)) return value;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It was asked for, and there was no answer.')), limitMs);
  });
  return Promise.race([value, late]).finally(() => clearTimeout(timer));
}
