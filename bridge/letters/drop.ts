/** Drops dead letters: from now on they are done. They stay in their topic for as long as that keeps them. */
import { type Done, isDone, type Selection, selects } from './done.ts';
import type { LetterGroup } from './letter-group.ts';
import { Progress } from './progress.ts';
import type { LetterReader } from './reader.ts';
import { checkRoom } from './replay.ts';

/** How many open letters a selection has. */
export async function countOpen(
  reader: LetterReader,
  done: readonly Done[],
  selection: Selection,
  limit: number,
): Promise<number> {
  let count = 0;
  await reader.read(
    {
      letter: letter => {
        if (selects(selection, letter) && !isDone(done[letter.partition]!, letter)) count++;
      },
      room: () => undefined,
      get enough() {
        return count >= limit;
      },
    },
    { since: selection.filter.since, offsets: done.map(({ before }) => before) },
  );
  return count;
}

/** Returns how many were dropped. Throws why Kafka does not take it. */
export async function drop(
  reader: LetterReader,
  group: LetterGroup,
  done: readonly Done[],
  selection: Selection,
  limit: number,
): Promise<number> {
  for (const each of done) checkRoom(each, selection);
  const progresses = done.map((each, partition) => new Progress(partition, each, selection));
  let count = 0;
  await reader.read(
    {
      letter: letter => {
        const progress = progresses[letter.partition]!;
        if (progress.look(letter, true) !== 'take') return;
        progress.settle(progress.take(letter));
        count++;
      },
      room: () => undefined,
      passed: (partition, offset) => progresses[partition]!.passed(offset),
      get enough() {
        return count >= limit;
      },
    },
    { offsets: done.map(({ before }) => before) },
  );
  await group.commitAll(progresses);
  return count;
}
