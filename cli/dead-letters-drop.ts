/** `mkb dead-letters drop`: marks dead letters as done, so that they are neither listed nor replayed. */
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { Selection } from '../bridge/letters/done.ts';
import { countOpen, drop } from '../bridge/letters/drop.ts';
import type { LetterGroup } from '../bridge/letters/letter-group.ts';
import { addFilterOptions, type FilterOptions, filterOf, parseCount } from './dead-letters-filters.ts';
import { addTopicOptions, letterGroup, type OpenTopic, type TopicOptions, withLetters } from './dead-letters-topic.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';

interface DropOptions extends TopicOptions, FilterOptions {
  readonly limit?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

const help = `
A topic of Kafka is append-only, so the letters stay in it until its retention time is over, and list --all prints them. But they are no longer open.
The consumer group of the letters remembers it, as it remembers what was replayed. Says how many there are and asks before it drops them.

Examples:
  mkb dead-letters drop bridge.yaml --rule old-rule --dry-run
  mkb dead-letters drop bridge.yaml --rule old-rule
  mkb dead-letters drop bridge.yaml --until 2026-11-30T10:00:00Z --yes
${exitCodeHelp(
  [exitCodes.ok, 'the letters are dropped, or there are none'],
  [exitCodes.failed, 'the answer was no, or they could not be dropped'],
  [exitCodes.usage, 'the command line is wrong, or there is nobody to ask'],
  [exitCodes.unavailable, 'Kafka cannot be used'],
  [exitCodes.configuration, 'the document, or a secret it names, is wrong'],
)}`;

export const dropCommand = (): Command =>
  addFilterOptions(addTopicOptions(new Command('drop')))
    .description('mark open dead letters as done, without replaying them')
    .option('--limit <n>', 'drop at most so many letters', parseCount)
    .option('--dry-run', 'say how many there are, and drop none')
    .option('--yes', 'do not ask')
    .addHelpText('after', help)
    .action(async (file: string, options: DropOptions) => {
      process.exitCode = await withLetters(file, options, opened => dropLetters(opened, options));
    });

const dropLetters = async (opened: OpenTopic, options: DropOptions): Promise<number> => {
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
