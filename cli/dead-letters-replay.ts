/** `mkb dead-letters replay`: sends what dead letters hold through their rules again. */
import { Command, InvalidArgumentError } from 'commander';
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { Replay, type ReplayReport } from '../bridge/letters/replay.ts';
import type { Destination } from '../bridge/letters/replay-rules.ts';
import { addFilterOptions, type FilterOptions, filterOf, parseCount } from './dead-letters-filters.ts';
import { replayJson, replayText } from './dead-letters-replay-text.ts';
import { addTopicOptions, letterGroup, type OpenTopic, type TopicOptions, withLetters } from './dead-letters-topic.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';
import { StopSignal } from './signals.ts';

interface ReplayCommandOptions extends TopicOptions, FilterOptions {
  readonly maxRounds: number;
  readonly rate?: number;
  readonly limit?: number;
  readonly to?: Destination;
  readonly dryRun?: true;
  readonly json?: true;
}

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
      process.exitCode = await withLetters(file, options, opened => replay(opened, options));
    });

const parseDestination = (text: string): Destination => {
  const [, prefix, topic = ''] = /^(kafka:|mqtt:)?(.*)$/s.exec(text)!;
  if (topic === '') throw new InvalidArgumentError('Write the name of a Kafka topic, or mqtt:TOPIC.');
  const kind = prefix === 'mqtt:' ? 'mqtt' : 'kafka';
  if (kind === 'kafka' && !/^[a-zA-Z0-9._-]*(\$\{.*\}.*)?$/s.test(topic))
    throw new InvalidArgumentError('That is no name of a Kafka topic. For an MQTT topic write mqtt: before it.');
  return { kind, topic };
};

const replay = async (opened: OpenTopic, options: ReplayCommandOptions): Promise<number> => {
  const { document, topic, reader, warn } = opened;
  checkRules(opened, options.rule);
  const signal = new StopSignal({ outlivesOutput: true });
  const stop = new AbortController();
  void signal.came.then(() => stop.abort());
  const dry = options.dryRun === true;
  let run: Replay | undefined;
  const group = letterGroup(opened, error => run?.lose(error));
  try {
    if (!dry) await signal.within(0, group.join());
    if (signal.received) return exitCodes.failed;
    run = new Replay(reader, group, {
      secrets: { secretsDir: options.secretsDir },
      ...{ topic, dry, problem: warn, now: Date.now(), signal: stop.signal },
      ...{ destination: options.to, rate: options.rate, limit: options.limit ?? Number.POSITIVE_INFINITY },
      selection: { filter: filterOf(options), drops: false, maxRounds: options.maxRounds, not: [] },
    });
    return print(await run.run(document, await group.done()), options, signal.received);
  } finally {
    await group.leave();
    signal.end();
  }
};

/** A rule whose letters are asked for, and that the document has not, is probably a typing error. */
const checkRules = ({ document }: OpenTopic, wanted: readonly string[]): void => {
  const names = document.spec.rules.map(({ name }) => name);
  const rule = wanted.find(each => !names.includes(each));
  if (rule === undefined) return;
  throw new MkbError('dead-letter-rule-unknown', {
    rule,
    near: nearest(rule, names),
    known: names.slice(0, 10).join(', '),
  });
};

const print = (report: ReplayReport, { dryRun, json }: ReplayCommandOptions, stopped: boolean): number => {
  const dry = dryRun === true;
  process.stdout.write(json ? `${JSON.stringify(replayJson(report, dry), null, 2)}\n` : replayText(report, dry));
  if (report.error !== undefined) printError(report.error);
  else if (stopped) process.stderr.write('It was stopped before it had seen all letters.\n');
  const isWhole = report.error === undefined && !stopped && report.failures.size === 0;
  return isWhole ? exitCodes.ok : exitCodes.failed;
};
