/** `mkb functions`: the functions of the rule language, from the same entries that rules are compiled with. */
import { Command } from 'commander';
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { type Example, type FunctionEntry, signature } from '../rules/functions/define.ts';
import { findFunction, functionGroups, functionNames } from '../rules/functions/registry.ts';
import { encodeJson } from '../rules/json.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';

const help = `
Examples:
  mkb functions                  all of them, by group
  mkb functions substr           one in detail, with examples
  mkb functions date             all whose name or meaning has the word, if no function has that name
  mkb functions --json           for programs and editors
${exitCodeHelp([exitCodes.ok, 'found'], [exitCodes.failed, 'there is no such function'])}`;

export const functionsCommand = (): Command =>
  new Command('functions')
    .description('list the functions that rules may call, or tell about one')
    .argument('[name]', 'a function, or a word to look for')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', help)
    .action((name: string | undefined, { json }: { json?: true }) => {
      const groups = name === undefined ? functionGroups : found(name);
      if (groups.length === 0) throw unknown(name!);
      const entries = groups.flatMap(({ functions }) => functions);
      if (json) process.stdout.write(`${JSON.stringify(entries.map(forPrograms), null, 2)}\n`);
      else if (entries.length === 1) process.stdout.write(inDetail(entries[0]!));
      else process.stdout.write(groups.map(list).join('\n'));
    });

type Group = (typeof functionGroups)[number];

/** The function of that name, or else every one that has the word in its name or description. */
const found = (name: string): Group[] => {
  const exact = findFunction(name);
  const word = name.toLowerCase();
  const fits = (entry: FunctionEntry): boolean =>
    exact === undefined
      ? entry.name.includes(word) || entry.description.toLowerCase().includes(word)
      : entry.name === exact.name;
  const groups = functionGroups.map(({ title, functions }) => ({ title, functions: functions.filter(fits) }));
  return groups.filter(({ functions }) => functions.length > 0);
};

const unknown = (name: string): MkbError => {
  const near = nearest(name, functionNames);
  const details = { sql: name, offset: 0, line: 0, column: 0, what: 'function', name };
  return new MkbError(
    'rule-unknown-name',
    near === undefined ? details : { ...details, hint: `Did you mean ${near}?` },
  );
};

const list = ({ title, functions }: Group): string => {
  const width = Math.max(...functions.map(({ name }) => name.length));
  const lines = functions.map(({ name, description }) => `  ${name.padEnd(width)}  ${firstSentence(description)}\n`);
  return `${title}\n${lines.join('')}`;
};

const firstSentence = (text: string): string => /^.*?[.](?= |$)/s.exec(text)?.[0] ?? text;

const inDetail = (entry: FunctionEntry): string => {
  const examples = entry.examples.map(example => `  ${example[0]}  is  ${exampleValue(example)}\n`);
  return `${signature(entry)}\n\n${entry.description}\n${examples.length === 0 ? '' : `\n${examples.join('')}`}`;
};

const exampleValue = ([, value]: Example): string => (value === undefined ? 'undefined' : encodeJson(value));

const forPrograms = (entry: FunctionEntry) => ({
  name: entry.name,
  signature: signature(entry),
  description: entry.description,
  examples: entry.examples.map(example => ({ sql: example[0], value: exampleValue(example) })),
});
