import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits until `state` gives something truthy, and returns that. An exception counts as not yet.
 *
 * @param what the state, as the end of "Waited 60 s for ..."
 * @throws Error when `timeoutMs` has passed, with what `state` threw last as its cause
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
      const value = await state();
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
