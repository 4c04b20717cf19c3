/** `mkb functions`: the functions of the rule language, from the same entries that rules are compiled with. */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { type Example, type FunctionEntry, signature } from '../rules/functions/define.ts';
import { functionGroups, functionNames } from '../rules/functions/registry.ts';
import { encodeJson } from '../rules/json.ts';
import { type Aggregate, aggregates } from '../rules/windows/aggregates.ts';

/** All of them, or those that `name` means. Throws `rule-unknown-name` if there is none. */
export const printFunctions = (name: string | undefined, { json }: { readonly json?: true }): void => {
  const groups = name === undefined ? allGroups : found(name);
  if (groups.length === 0) throw unknown(name!);
  const entries = groups.flatMap(({ functions }) => functions);
  if (json) process.stdout.write(`${JSON.stringify(entries.map(forPrograms), null, 2)}\n`);
  else if (entries.length === 1) process.stdout.write(inDetail(entries[0]!));
  else process.stdout.write(groups.map(list).join('\n'));
};

/** A function or an aggregate, as it is shown. */
interface Shown {
  readonly name: string;
  /** What stands for it in a list. */
  readonly short: string;
  readonly signature: string;
  readonly description: string;
  readonly examples: readonly Example[];
}

interface Group {
  readonly title: string;
  readonly functions: readonly Shown[];
}

const shownFunction = (entry: FunctionEntry): Shown => ({ ...entry, short: entry.name, signature: signature(entry) });

const shownAggregate = ({ name, form, description }: Aggregate): Shown => ({
  name,
  short: form,
  signature: form,
  description: `${description} For rules with GROUP BY.`,
  examples: [],
});

const allGroups: readonly Group[] = [
  ...functionGroups.map(({ title, functions }) => ({ title, functions: functions.map(shownFunction) })),
  { title: 'Aggregates', functions: aggregates.map(shownAggregate) },
];

/** What has that name, those of aggregates in any case, or else everything that has the word in its name or description. */
const found = (name: string): Group[] => {
  const word = name.toLowerCase();
  const named = select(each => each.name === name || each.name === name.toUpperCase());
  if (named.length > 0) return named;
  return select(each => each.name.toLowerCase().includes(word) || each.description.toLowerCase().includes(word));
};

const select = (fits: (each: Shown) => boolean): Group[] => {
  const groups = allGroups.map(({ title, functions }) => ({ title, functions: functions.filter(fits) }));
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
  const width = functions.reduce((widest, { short }) => Math.max(widest, short.length), 0);
  const lines = functions.map(({ short, description }) => `  ${short.padEnd(width)}  ${firstSentence(description)}\n`);
  return `${title}\n${lines.join('')}`;
};

const firstSentence = (text: string): string => /^.*?[.](?= |$)/s.exec(text)?.[0] ?? text;

const inDetail = (entry: Shown): string => {
  const examples = entry.examples.map(example => `  ${example[0]}  is  ${exampleValue(example)}\n`);
  return `${entry.signature}\n\n${entry.description}\n${examples.length === 0 ? '' : `\n${examples.join('')}`}`;
};

const exampleValue = ([, value]: Example): string => (value === undefined ? 'undefined' : encodeJson(value));

const forPrograms = (entry: Shown) => ({
  name: entry.name,
  signature: entry.signature,
  description: entry.description,
  examples: entry.examples.map(example => ({ sql: example[0], value: exampleValue(example) })),
});
