/**
 * Checks the rules of a document before anything runs: each rule's SQL, each template of its sinks against what the rule can yield, and
 * how the filters of all rules relate. Problems point at the character in the file.
 */
import { MkbError } from '../api/errors.ts';
import type { DocumentCheck, LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { type CheckedRule, checkLoops } from './check-loops.ts';
import { checkSchemas } from './check-schemas.ts';
import { checkState } from './check-state.ts';
import { compileRule } from './compile.ts';
import { parseRule } from './parser.ts';
import { problemOf, toProblem } from './problem-of.ts';
import { checkTime } from './record-time.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument, SinkDocument } from './rule-document.ts';
import { compileTemplate } from './template.ts';
import { filterCovers } from './topic-filter.ts';
import { TopicIndex } from './topic-index.ts';

/** For `loadDocuments`: runs `checkRules` on documents whose rules have the right shape. */
export const rulesCheck: DocumentCheck = {
  reads: [['spec', 'rules']],
  check: loaded => checkRules(loaded),
};

/** Every problem of the schemas and rules of a document, in their order; overlapping filters and loops are warnings. */
export const checkRules = (loaded: LoadedDocument): Problem[] => {
  const { rules } = loaded.document.spec;
  const { schemas, problems: broken } = checkSchemas(loaded);
  const problems = [...broken];
  const filters: PlacedFilter[] = [];
  const checked: CheckedRule[] = [];
  for (const [index, document] of rules.entries()) {
    const path: Path = ['spec', 'rules', index];
    try {
      const rule = compileRule(document.sql, { schemas });
      for (const filter of placedFilters(document, rule, [...path, 'sql'])) filters.push(filter);
      checked.push({ document, rule, path });
      for (const problem of checkState(loaded, document, rule, path)) problems.push(problem);
      for (const [at, sink] of document.sinks.entries()) {
        for (const problem of checkSink(loaded, sink, rule, [...path, 'sinks', at])) problems.push(problem);
      }
    } catch (error) {
      problems.push(problemOf(loaded, [...path, 'sql'], error));
    }
  }
  return [...problems, ...overlaps(loaded, filters), ...checkLoops(loaded, checked)];
};

const checkSink = (loaded: LoadedDocument, sink: SinkDocument, rule: Rule, path: Path): Problem[] =>
  templatesOf(sink).flatMap(({ text, at }) => {
    try {
      const template = compileTemplate(text, rule);
      if (at[1] === 'timestamp') checkTime(template);
      return [];
    } catch (error) {
      return [problemOf(loaded, [...path, ...at], error)];
    }
  });

export interface PlacedTemplate {
  readonly text: string;
  /** From the sink. */
  readonly at: Path;
}

/** Every template of a sink, in the order of its fields. */
export const templatesOf = ({ kafka, mqtt }: SinkDocument): PlacedTemplate[] => {
  if (kafka !== undefined) {
    const { topic, key, value, timestamp, headers = [] } = kafka;
    return [...fields('kafka', { topic, key, value, timestamp }), ...listed(['kafka', 'headers'], headers)];
  }
  if (mqtt === undefined) return [];
  const { topic, payload, userProperties = [] } = mqtt;
  return [...fields('mqtt', { topic, payload }), ...listed(['mqtt', 'userProperties'], userProperties)];
};

const fields = (sink: string, texts: Readonly<Record<string, string | undefined>>): PlacedTemplate[] =>
  Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [{ text, at: [sink, name] }]));

const listed = (path: Path, items: readonly { readonly value: string }[]): PlacedTemplate[] =>
  items.map(({ value }, index) => ({ text: value, at: [...path, index, 'value'] }));

interface PlacedFilter {
  readonly filter: string;
  readonly rule: string;
  readonly path: Path;
  readonly offset: number;
}

const placedFilters = ({ name, sql }: RuleDocument, rule: Rule, path: Path): PlacedFilter[] => {
  const offsets = parseRule(sql).from.map(({ start }) => start);
  return rule.sources.flatMap((source, at) =>
    source.kind === 'mqtt' ? [{ filter: source.filter, rule: name, path, offset: offsets[at]! }] : [],
  );
};

/**
 * Filters that cover one another share a subscription; others that overlap have a broker deliver a message twice. With MQTT 5 the bridge
 * tells the copies apart.
 */
const overlaps = (loaded: LoadedDocument, filters: readonly PlacedFilter[]): Problem[] => {
  // `spec.mqtt` may be missing, or broken in another way, which is someone else's finding.
  if (loaded.document.spec.mqtt?.version !== '3.1.1') return [];
  const index = new TopicIndex<PlacedFilter>();
  return filters.flatMap(later => {
    const earlier = index
      .overlapping(later.filter)
      .find(({ filter }) => !filterCovers(filter, later.filter) && !filterCovers(later.filter, filter));
    index.add(later.filter, later);
    if (earlier === undefined) return [];
    const details = { filter: later.filter, other: earlier.filter, otherRule: earlier.rule };
    const place = loaded.locateInString(later.path, later.offset);
    return [toProblem(place, later.path, new MkbError('rule-filters-overlap', details), 'warning')];
  });
};
