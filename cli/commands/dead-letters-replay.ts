/** The command line of `mkb dead-letters replay`. */
import { Command, InvalidArgumentError } from 'commander';
import type { Destination } from '../../bridge/letters/replay-rules.ts';
import type { ReplayCommandOptions } from '../dead-letters-replay.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import { addFilterOptions, parseCount } from './dead-letters-filters.ts';
import { addTopicOptions } from './dead-letters-options.ts';

const help = `
Each letter becomes the message again that failed, goes through its rule as the document has it now, and to the sink that failed. If the rule itself
failed, it goes to all sinks of the rule. The bridge may be running. A letter that fails again becomes a new letter, with one round more.

A consumer group remembers which letters are done, so the next run goes on where this one stopped. Whatever ends it, kill -9 included, no letter is
lost, and each is counted once. One that was under way then is sent again: at least once. A run takes over from another that is still going.

With --to, letters go to another topic instead of the sink: a Kafka topic, or an MQTT topic with mqtt: before it; both may be templates.
With --dry-run nothing is sent and nothing is remembered; what only Kafka or an MQTT broker can refuse is not found.

Examples:
  mkb dead-letters replay bridge.yaml --rule positions --dry-run
  mkb dead-letters replay bridge.yaml --rule positions --error payload-not-json --limit 10
  mkb dead-letters replay bridge.yaml --age 6h --rate 200
  mkb dead-letters replay bridge.yaml --rule positions --to positions-repaired
  mkb dead-letters replay bridge.yaml --rule states --to 'mqtt:replayed/\${topic}'
${exitCodeHelp(
  [exitCodes.ok, 'every letter that was asked for is done'],
  [exitCodes.failed, 'letters failed again, or it ended before it had seen all'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'Kafka or MQTT cannot be used'],
  [exitCodes.configuration, 'the document, or a secret it names, is wrong'],
)}`;

export const replayCommand = (): Command =>
  addFilterOptions(addTopicOptions(new Command('replay')))
    .description('send what open dead letters hold through their rules again')
    .option('--max-rounds <n>', 'pass over letters that were replayed so often already', parseCount, 3)
    .option('--rate <n>', 'replay at most so many letters a second', parseCount)
    .option('--limit <n>', 'replay at most so many letters', parseCount)
    .option('--to <topic>', 'send to this Kafka topic, or mqtt:TOPIC, instead of the sinks', parseDestination)
    .option('--dry-run', 'show what would become of the letters, and send nothing')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', help)
    .action(async (file: string, options: ReplayCommandOptions) => {
      const { replayLetters } = await import('../dead-letters-replay.ts');
      process.exitCode = await replayLetters(file, options);
    });

const parseDestination = (text: string): Destination => {
  const [, prefix, topic = ''] = /^(kafka:|mqtt:)?(.*)$/s.exec(text)!;
  if (topic === '') throw new InvalidArgumentError('Write the name of a Kafka topic, or mqtt:TOPIC.');
  const kind = prefix === 'mqtt:' ? 'mqtt' : 'kafka';
  if (kind === 'kafka' && !/^[a-zA-Z0-9._-]*(\$\{.*\}.*)?$/s.test(topic))
    throw new InvalidArgumentError('That is no name of a Kafka topic. For an MQTT topic write mqtt: before it.');
  return { kind, topic };
};
