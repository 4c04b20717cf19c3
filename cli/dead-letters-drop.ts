/** `mkb dead-letters drop`: marks dead letters as done, so that they are neither listed nor replayed. */
import { createInterface } from 'node:readline/promises';
import type { Selection } from '../bridge/letters/done.ts';
import { countOpen, drop } from '../bridge/letters/drop.ts';
import type { LetterGroup } from '../bridge/letters/letter-group.ts';
import { type FilterOptions, filterOf } from './commands/dead-letters-filters.ts';
import type { TopicOptions } from './commands/dead-letters-options.ts';
import { letterGroup, type OpenTopic, withLetters } from './dead-letters-topic.ts';
import { exitCodes } from './exit-codes.ts';

export interface DropOptions extends TopicOptions, FilterOptions {
  readonly limit?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Returns the exit code. */
export const dropLetters = (file: string, options: DropOptions): Promise<number> =>
  withLetters(file, options, opened => dropAll(opened, options));

const dropAll = async (opened: OpenTopic, options: DropOptions): Promise<number> => {
  const group = letterGroup(opened);
  try {
    return await dropIn(opened, group, options);
  } finally {
    await group.leave();
  }
};

const dropIn = async ({ reader, topic }: OpenTopic, group: LetterGroup, options: DropOptions): Promise<number> => {
  const filter = filterOf(options);
  const selection: Selection = { filter, drops: true, maxRounds: Number.POSITIVE_INFINITY, not: [] };
  const { limit = Number.POSITIVE_INFINITY, dryRun, yes } = options;
  const count = await countOpen(reader, await group.done(), selection, limit);
  const letters = `${count} open ${count === 1 ? 'letter' : 'letters'} of ${topic}`;
  if (count === 0 || dryRun) {
    process.stdout.write(`${count === 0 ? 'There are no such open dead letters' : `Would drop ${letters}`}.\n`);
    return exitCodes.ok;
  }
  if (!yes) {
    const answer = await confirmed(`Drop ${letters}? They will not be listed or replayed any more. [y/N] `);
    if (answer !== exitCodes.ok) return answer;
  }
  await group.join();
  // Another run may have come before us.
  const dropped = await drop(reader, group, await group.done(), selection, limit);
  process.stdout.write(`Dropped ${dropped} ${dropped === 1 ? 'letter' : 'letters'}.\n`);
  return exitCodes.ok;
};

const confirmed = async (question: string): Promise<number> => {
  if (!process.stdin.isTTY) {
    process.stderr.write(
      `${question}\nThere is no terminal to answer it: add --yes, or --dry-run to see only how many there are.\n`,
    );
    return exitCodes.usage;
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(question);
  lines.close();
  if (/^y(es)?$/i.test(answer.trim())) return exitCodes.ok;
  process.stderr.write('Dropped none.\n');
  return exitCodes.failed;
};
