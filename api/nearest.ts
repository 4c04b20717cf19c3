/**
 * The allowed name nearest to a mistyped one, for "did you mean": the fewest letters to insert, delete, replace or swap
 * (optimal string alignment), at most a third of the word. Case, `-` and `_` do not count, so `SCRAM_SHA_512` finds `scram-sha-512`.
 */
export const nearest = (name: string, allowed: readonly string[]): string | undefined => {
  if (name.length > 64) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of allowed) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
};

const plain = (word: string): string => word.toLowerCase().replace(/[-_]/g, '');

const editDistance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let steps = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + cost);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) steps = Math.min(steps, beforeLast[column - 2]! + 1);
      current.push(steps);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
};
