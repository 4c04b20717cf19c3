/** The command line of `mkb dead-letters drop`. */
import { Command } from 'commander';
import type { DropOptions } from '../dead-letters-drop.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import { addFilterOptions, parseCount } from './dead-letters-filters.ts';
import { addTopicOptions } from './dead-letters-options.ts';

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
      const { dropLetters } = await import('../dead-letters-drop.ts');
      process.exitCode = await dropLetters(file, options);
    });
