/** How many requests are under way at once for the users of one broker. */
const atOnce = 8;

/** Works on all items, a few at once. After an error no more are begun. @throws the first error, when those under way have ended */
export async function inPortions<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const item of rest) {
      if (failures.length > 0) return;
      await work(item).catch(error => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}
