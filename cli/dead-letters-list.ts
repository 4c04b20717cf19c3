/** `mkb dead-letters list`: the letters as a table, as JSON or as they are, or how many there are of each kind. */
import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../api/units.ts';
import { type LetterFilter, wants } from '../bridge/letters/filter.ts';
import type { Letter } from '../bridge/letters/letter.ts';
import type { LetterReader } from '../bridge/letters/reader.ts';
import { letterJson } from './dead-letters-json.ts';
import { Summary } from './dead-letters-summary.ts';
import { letterLine, titleLine } from './dead-letters-text.ts';
import { addTopicOptions, type TopicOptions, withLetters } from './dead-letters-topic.ts';
import { checkDuration } from './process-options.ts';

interface ListOptions extends TopicOptions {
  readonly rule: readonly string[];
  readonly error: readonly string[];
  readonly topic: readonly string[];
  readonly key?: string;
  readonly since?: number;
  readonly until?: number;
  readonly age?: string;
  readonly limit?: number;
  readonly summary?: true;
  readonly json?: true;
  readonly raw?: true;
}

const help = `
Prints the letters that the topic has when the command starts, those of a partition in their order, as they are read: a pipe gets the first of them at
once. Reads no further than --limit asks for. Filters of one kind that are given several times are alternatives; those of different kinds must all match.

Examples:
  mkb dead-letters list bridge.yaml --summary
  mkb dead-letters list bridge.yaml --error payload-not-json --topic 'cars/+/state' --limit 20
  mkb dead-letters list bridge.yaml --since 2026-11-30T10:00:00Z --until 2026-11-30T11:00:00Z --json
  mkb dead-letters list bridge.yaml --rule positions --raw > payloads.txt`;

export const listCommand = (): Command =>
  addTopicOptions(new Command('list'))
    .description('print dead letters, or how many there are of each kind')
    .option('--rule <rule>', 'only letters of this rule; may be repeated', collect, [])
    .option('--error <code>', 'only letters with this code; may be repeated', collect, [])
    .option(
      '--topic <topic>',
      'only messages from this MQTT topic, filter, or Kafka topic; may be repeated',
      collect,
      [],
    )
    .option('--key <key>', 'only letters with this key')
    .option('--since <time>', 'only letters of this time or later, in RFC 3339', parseTime)
    .option('--until <time>', 'only letters before this time, in RFC 3339', parseTime)
    .addOption(
      new Option('--age <duration>', 'only letters that are at most this old, such as 1h')
        .argParser(checkDuration)
        .conflicts('since'),
    )
    .option('--limit <n>', 'print at most so many letters', parseCount)
    .addOption(new Option('--summary', 'count letters by rule and error').conflicts(['raw', 'limit']))
    .addOption(new Option('--json', 'print JSON for programs, a line for each letter').conflicts('raw'))
    .option('--raw', 'print the payloads alone, each followed by a newline')
    .addHelpText('after', help)
    .action(async (file: string, options: ListOptions) => {
      process.exitCode = await withLetters(file, options, reader => list(reader, options));
    });

const list = async (reader: LetterReader, options: ListOptions): Promise<void> => {
  const filter = filterOf(options);
  const summary = options.summary && new Summary();
  const { limit = Number.POSITIVE_INFINITY } = options;
  let found = 0;
  let isFull = false;
  const print = (bytes: string | Buffer): void => {
    if (!process.stdout.write(bytes)) isFull = true;
  };
  const progress = showProgress(reader, () => found);
  try {
    await reader.read(
      {
        letter: letter => {
          if (!wants(filter, letter)) return;
          found++;
          if (summary) return summary.count(letter);
          if (found === 1 && !options.json && !options.raw) print(titleLine());
          print(textOf(letter, options));
        },
        room: () => {
          if (!isFull) return undefined;
          isFull = false;
          return process.stdout.writableNeedDrain ? once(process.stdout, 'drain').then(() => undefined) : undefined;
        },
        get enough() {
          return found >= limit;
        },
      },
      filter.since,
    );
  } finally {
    progress.end();
  }
  if (summary) print(options.json ? `${JSON.stringify(summary.json(), null, 2)}\n` : summary.text());
  else if (found === 0) process.stderr.write('There are no such dead letters.\n');
};

const textOf = (letter: Letter, { json, raw }: ListOptions): string | Buffer => {
  if (raw) return Buffer.concat([letter.value ?? Buffer.alloc(0), newline]);
  return json ? `${JSON.stringify(letterJson(letter))}\n` : letterLine(letter);
};

const newline = Buffer.from('\n');

const filterOf = ({ rule, error, topic, key, since, until, age }: ListOptions): LetterFilter => ({
  rules: rule,
  codes: error,
  topics: topic,
  key,
  since: age === undefined ? since : Date.now() - durationMs(age),
  until,
});

/** How far it came, on a terminal that the letters themselves do not go to. */
const showProgress = (reader: LetterReader, found: () => number): { end(): void } => {
  const { stderr, stdout } = process;
  if (!stderr.isTTY || stdout.isTTY) return { end: () => undefined };
  const timer = setInterval(() => {
    stderr.write(`\r\x1b[Kread ${reader.passed} of ${reader.total}, found ${found()}`);
  }, 200);
  return {
    end: () => {
      clearInterval(timer);
      stderr.write('\r\x1b[K');
    },
  };
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

const parseTime = (text: string): number => {
  const time = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a time such as 2026-11-30T10:00:00Z.');
  return time;
};

const parseCount = (text: string): number => {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(text);
};
