/** `mkb explain`: what each rule of a document does, without a message and without connecting anywhere. */
import { MkbError } from '../api/errors.ts';
import { type LoadedDocument, loadDocuments } from '../api/load.ts';
import { nearest } from '../api/nearest.ts';
import { hasErrors } from '../api/problems.ts';
import { rulesCheck } from '../rules/check.ts';
import { documentWorld } from '../rules/document-world.ts';
import {
  explainRule,
  type RuleExplanation,
  type SinkExplanation,
  type SourceExplanation,
  type StateExplanation,
} from '../rules/explain.ts';
import { exitCodes } from './exit-codes.ts';
import { printProblems } from './output.ts';

export interface ExplainOptions {
  readonly json?: true;
  readonly rule?: string;
}

/** Returns the exit code. Throws `rule-not-found`. */
export const explain = async (files: readonly string[], { rule, json }: ExplainOptions): Promise<number> => {
  const { documents, problems } = await loadDocuments(files, { checks: [rulesCheck] });
  printProblems(problems);
  if (hasErrors(problems)) return exitCodes.configuration;
  const explained = documents.map(each => explainDocument(each, rule));
  if (explained.every(({ rules }) => rules.length === 0)) throw noRule(documents, rule!);
  process.stdout.write(json ? `${JSON.stringify(explained, null, 2)}\n` : explained.map(inWords).join('\n'));
  return exitCodes.ok;
};

const noRule = (documents: readonly LoadedDocument[], name: string): MkbError => {
  const names = documents.flatMap(({ document }) => document.spec.rules.map(rule => rule.name));
  return new MkbError('rule-not-found', { name, meant: nearest(name, names) });
};

interface DocumentExplanation {
  readonly file: string;
  readonly name: string;
  readonly rules: readonly RuleExplanation[];
}

const explainDocument = ({ file, document }: LoadedDocument, wanted: string | undefined): DocumentExplanation => {
  const rules = document.spec.rules.filter(({ name }) => wanted === undefined || name === wanted);
  const world = documentWorld(document);
  return {
    file,
    name: document.metadata.name,
    rules: rules.map(rule => explainRule(rule, world)),
  };
};

const inWords = ({ file, name, rules }: DocumentExplanation): string =>
  `${file}: ${name}\n\n${rules.map(ruleInWords).join('\n')}`;

const ruleInWords = (rule: RuleExplanation): string => {
  const lines = [
    ...labelled('matches', rule.sources.map(sourceInWords)),
    ...labelled('reads', [rule.reads.map(read => (read === '*' ? 'all columns' : read)).join(', ') || 'nothing']),
    ...labelled('payload', [payloadInWords[rule.payload]]),
    ...labelled('tables', rule.tables ?? []),
    ...labelled('window', rule.state === undefined ? [] : windowInWords(rule.state)),
    ...labelled('memory', rule.state === undefined ? [] : memoryInWords(rule.state)),
    ...labelled(rule.rows === 'any number' ? 'rows' : 'row', [rowInWords(rule)]),
    ...labelled('sinks', rule.sinks.flatMap(sinkInWords)),
  ];
  return `${rule.name}\n${lines.map(line => `  ${line}\n`).join('')}`;
};

const labelled = (label: string, lines: readonly string[]): string[] =>
  lines.map((line, index) => `${(index === 0 ? label : '').padEnd(9)}${line}`);

const sourceInWords = ({ kind, topic, captures }: SourceExplanation): string => {
  const named = captures
    .flatMap(({ name, level, rest, part }) =>
      level === undefined
        ? []
        : [`${part === undefined ? '' : 'a part of '}level ${level + 1}${rest ? ' and all after it' : ''} is ${name}`],
    )
    .join(', ');
  if (kind === 'kafka' && /[*{]/.test(topic)) return `Kafka topics ${topic}`;
  return `${sourceKinds[kind]} ${topic}${named === '' ? '' : ` (${named})`}`;
};

const sourceKinds: Readonly<Record<SourceExplanation['kind'], string>> = {
  mqtt: 'MQTT',
  kafka: 'Kafka topic',
  event: 'event',
};

const payloadInWords: Readonly<Record<RuleExplanation['payload'], string>> = {
  unused: 'is not looked at',
  'passed on': 'is passed on byte for byte, not parsed',
  parsed: 'is parsed as JSON, once a message; one that is no JSON fails',
};

const windowInWords = ({ groupBy, maxEntries }: StateExplanation): string[] => {
  if (groupBy === undefined) return [];
  const keys = groupBy.keys.length === 0 ? '' : ` for each ${groupBy.keys.join(', ')}`;
  return [
    `${groupBy.window}${keys}: messages are counted, and acknowledged at once`,
    `at most ${maxEntries} entries (state.maxEntries); a crash forgets windows that are open, a stop closes them`,
    'each replica counts the messages that it gets',
  ];
};

const memoryInWords = ({ calls, maxEntries }: StateExplanation): string[] =>
  calls.map(call => `${call}: at most ${maxEntries} values (state.maxEntries); a restart forgets them`);

const rowInWords = ({ columns, rows }: RuleExplanation): string =>
  `${rows === 'any number' ? 'one for each element of a list: ' : ''}${columns.join(', ')}`;

const sinkInWords = ({ kind, templates }: SinkExplanation): string[] => {
  const { topic, ...others } = templates;
  const details = Object.entries(others).map(([field, text]) => `  ${field} ${text}`);
  return [`${kind === 'kafka' ? 'Kafka' : 'MQTT'} topic ${topic}`, ...details];
};
