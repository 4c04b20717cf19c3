/** The command line of `mkb top`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { TopOptions } from '../top.ts';
import { withLiveOptions } from './live-options.ts';
import { parseDuration } from './process-options.ts';

const help = `
For each bridge whether it is connected and what it holds undelivered; for each source messages a second (in, delivered, dead-lettered, dropped), how many are in
flight, for how long the oldest of them is, the part of the time for which the source was paused, and from receipt to acknowledgement the median and the 99th
percentile; for each rule what it matched, what passed its WHERE, what failed, and what its sinks sent. All is of the time since the figures before.

On a terminal they are rewritten in place; otherwise each time is a block of lines. They come from /metrics, and cost the bridge what a scrape costs.

Examples:
  mkb top
  mkb top --once --json | jq '.bridges[].sources[] | {source, receivedRate}'
  mkb top --url http://bridge.example:9400 --interval 10s
${exitCodeHelp(
  [exitCodes.ok, 'it was shown, or stopped'],
  [exitCodes.failed, 'what answers has no metrics'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'no bridge answers'],
  [exitCodes.configuration, 'the file with the token cannot be read'],
)}`;

const parseInterval = (text: string): number => {
  const ms = parseDuration(text);
  if (ms >= 100) return ms;
  throw new InvalidArgumentError('Write 100ms or more.');
};

export const topCommand = (): Command =>
  withLiveOptions(
    new Command('top')
      .addOption(
        new Option('--interval <duration>', 'how long to wait between two looks')
          .argParser(parseInterval)
          .default(2000, '2s'),
      )
      .option('--once', 'show the figures of one interval, and end')
      .option('--json', 'print a line of JSON each time'),
  )
    .addHelpText('after', help)
    .action(async (options: TopOptions) => {
      const { top } = await import('../top.ts');
      process.exitCode = await top(options);
    });
