/** The command line of `mkb tap`. */
import { Command, Option } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { TapOptions } from '../tap.ts';
import { withLiveOptions } from './live-options.ts';
import { wholeNumber } from './process-options.ts';

const help = `
Points: source (what came, from MQTT or Kafka), rule:NAME (the rows that a rule makes), sink (what goes to Kafka or MQTT), dead-letters (what failed, and why).
Several may be given. Without one it is source.

It shows a sample: 100 messages a second of each point, and the beginning of each. What is more is counted, and the bridge is not held up. Text is shown as it is;
bytes that are none come in base64, marked. With --format json each message is a line of JSON. Ctrl-C ends it, with a line on stderr that says how many were shown.

A bridge shows its messages to its own machine only. For another, give it a token (mkb run --reload-token-file) and give that file to --token-file.

Examples:
  mkb tap                                         what comes to the bridge on this machine
  mkb tap sink --filter 'cars/+/speed'            what is made of messages with such topics
  mkb tap rule:speeds sink dead-letters           what a rule makes, what is sent, what fails
  mkb tap --limit 1 --format json | jq            one message, whole
${exitCodeHelp(
  [exitCodes.ok, 'the limit is reached, it was stopped, or the bridge has ended'],
  [exitCodes.failed, 'the bridge refuses: a point that it has not, no token'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'no bridge answers'],
  [exitCodes.configuration, 'the file with the token cannot be read'],
)}`;

export const tapCommand = (): Command =>
  withLiveOptions(
    new Command('tap')
      .argument('[point...]', 'where to look: source, rule:NAME, sink, dead-letters')
      .option('--filter <filter>', 'only messages of topics that this MQTT filter matches, or of this topic of Kafka')
      .addOption(new Option('--limit <n>', 'end after so many messages').argParser(wholeNumber(1)))
      .addOption(new Option('--format <format>', 'how to print messages').choices(['table', 'json']).default('table'))
      .addOption(
        new Option('--rate <n>', 'so many messages a second of each point at most')
          .argParser(wholeNumber(1, 1000))
          .default(100),
      )
      .addOption(
        new Option('--bytes <n>', 'so many bytes of each payload, key and row at most')
          .argParser(wholeNumber(0, 65_536))
          .default(1024),
      ),
  )
    .addHelpText('after', help)
    .action(async (points: string[], options: TapOptions) => {
      const { tap } = await import('../tap.ts');
      process.exitCode = await tap(points, options);
    });
