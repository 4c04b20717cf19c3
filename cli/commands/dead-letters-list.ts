/** The command line of `mkb dead-letters list`. */
import { Command, Option } from 'commander';
import type { ListOptions } from '../dead-letters-list.ts';
import { addFilterOptions, parseCount } from './dead-letters-filters.ts';
import { addTopicOptions } from './dead-letters-options.ts';

const help = `
Prints the letters that are open when the command starts: neither replayed nor dropped. Those of a partition come in their order, as they are read: a
pipe gets the first of them at once. Reads no further than --limit asks for. Filters of one kind that are given several times are alternatives; those of different kinds must all match.

Examples:
  mkb dead-letters list bridge.yaml --summary
  mkb dead-letters list bridge.yaml --error payload-not-json --topic 'cars/+/state' --limit 20
  mkb dead-letters list bridge.yaml --since 2026-11-30T10:00:00Z --until 2026-11-30T11:00:00Z --json
  mkb dead-letters list bridge.yaml --rule positions --raw > payloads.txt`;

export const listCommand = (): Command =>
  addFilterOptions(addTopicOptions(new Command('list')))
    .description('print open dead letters, or how many there are of each kind')
    .option('--all', 'also letters that were replayed or dropped')
    .option('--limit <n>', 'print at most so many letters', parseCount)
    .addOption(new Option('--summary', 'count letters by rule and error').conflicts(['raw', 'limit']))
    .addOption(new Option('--json', 'print JSON for programs, a line for each letter').conflicts('raw'))
    .option('--raw', 'print the payloads alone, each followed by a newline')
    .addHelpText('after', help)
    .action(async (file: string, options: ListOptions) => {
      const { listLetters } = await import('../dead-letters-list.ts');
      process.exitCode = await listLetters(file, options);
    });
