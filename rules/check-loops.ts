/**
 * Rules that could feed themselves: from Kafka to an MQTT topic that another rule reads and writes to the same Kafka topic, or by dead letters
 * that land in a topic that a rule reads. Warnings, since WHERE may prevent it; longer circles, and topics made of more than literal levels, are
 * not all found.
 */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { mostWarnings } from './check-overlaps.ts';
import { FilterIndex } from './filter-index.ts';
import { toProblem } from './problem-of.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument } from './rule-document.ts';

/** A rule of the document that compiled. */
export interface CheckedRule {
  readonly document: RuleDocument;
  readonly rule: Rule;
  readonly path: Path;
}

export const checkLoops = (loaded: LoadedDocument, rules: readonly CheckedRule[]): Problem[] => {
  const dead = loaded.document.spec.delivery?.onFailure?.deadLetter?.topic;
  const writers = writersOf(rules);
  const loops = rules.flatMap(({ document, rule, path }) =>
    kafkaTopics(rule).flatMap(topic => {
      const way = topic === dead ? 'its own dead letters go there' : wayBackTo(topic, document, writers);
      return way === undefined ? [] : [{ topic, way, at: [...path, 'sql'] }];
    }),
  );
  const problems = loops
    .slice(0, mostWarnings)
    .map(({ topic, way, at }) =>
      toProblem(loaded.locate(at), at, new MkbError('rule-loop', { topic, way }), 'warning'),
    );
  if (loops.length <= mostWarnings) return problems;
  const error = new MkbError('rule-warnings-omitted', {
    what: 'rules that feed themselves',
    count: loops.length - mostWarnings,
  });
  return [...problems, toProblem(loaded.locate(['spec', 'rules']), ['spec', 'rules'], error, 'warning')];
};

const kafkaTopics = ({ sources }: Rule): string[] =>
  sources.flatMap(source => (source.kind === 'kafka' ? [source.topic] : []));

/** The filters of the rules that write to each Kafka topic, with the name of the rule. */
type Writers = ReadonlyMap<string, FilterIndex<string>>;

const writersOf = (rules: readonly CheckedRule[]): Writers => {
  const writers = new Map<string, FilterIndex<string>>();
  for (const { document, rule } of rules) {
    for (const topic of document.sinks.flatMap(({ kafka }) => kafka?.topic ?? [])) {
      const filters = writers.get(topic) ?? new FilterIndex<string>();
      writers.set(topic, filters);
      for (const source of rule.sources) if (source.kind === 'mqtt') filters.add(source.filter, document.name);
    }
  }
  return writers;
};

const wayBackTo = (topic: string, { sinks }: RuleDocument, writers: Writers): string | undefined => {
  const filters = writers.get(topic);
  if (filters === undefined) return undefined;
  for (const { mqtt } of sinks) {
    if (mqtt === undefined) continue;
    const [next] = filters.overlapping(filterOf(mqtt.topic));
    if (next !== undefined) return `the rule ${next.value} reads where it publishes, and writes there`;
  }
  return undefined;
};

/** The topics that a template can make, as a filter: a level with a placeholder may be anything. */
const filterOf = (template: string): string =>
  template
    .replace(/\$\{[^}]*\}/g, '\0')
    .split('/')
    .map(level => (level.includes('\0') ? '+' : level))
    .join('/');
