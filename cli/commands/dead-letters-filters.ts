/** Which dead letters a command works on: options that `list`, `replay` and `drop` have alike. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LetterFilter } from '../../bridge/letters/filter.ts';
import { parseDuration } from './process-options.ts';

export interface FilterOptions {
  readonly rule: readonly string[];
  readonly error: readonly string[];
  readonly topic: readonly string[];
  readonly key?: string;
  readonly since?: number;
  readonly until?: number;
  readonly age?: number;
}

export const addFilterOptions = (command: Command): Command =>
  command
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
        .argParser(parseDuration)
        .conflicts('since'),
    );

export const filterOf = ({ rule, error, topic, key, since, until, age }: FilterOptions): LetterFilter => ({
  rules: rule,
  codes: error,
  topics: topic,
  key,
  since: age === undefined ? since : Date.now() - age,
  until,
});

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

const parseTime = (text: string): number => {
  const time = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a time such as 2026-11-30T10:00:00Z.');
  return time;
};

export const parseCount = (text: string): number => {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1.');
  return Number(text);
};
