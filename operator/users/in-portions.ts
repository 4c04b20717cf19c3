import { setImmediate as turn } from 'node:timers/promises';

/** How many requests are under way at once for the users of one broker. */
const atOnce = 8;

/** After so many the process does what else there is: of most users there is nothing to ask, and ten thousand of them would be one long moment. */
const atATime = 64;

/** Works on all items, a few at once. After an error no more are begun. @throws the first error, when those under way have ended */
export async function inPortions<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  let done = 0;
  const worker = async () => {
    for (const item of rest) {
      if (failures.length > 0) return;
      await work(item).catch(error => failures.push(error));
      if (++done % atATime === 0) await turn();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}
