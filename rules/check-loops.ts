/**
 * Rules that could feed themselves: from Kafka to an MQTT topic that another rule reads and writes to the same Kafka topic, or by dead letters
 * that land in a topic that a rule reads. Warnings, since WHERE may prevent it; longer circles, and topics made of more than literal levels, are
 * not all found.
 */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { toProblem } from './problem-of.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument } from './rule-document.ts';
import { filtersOverlap } from './topic-filter.ts';

/** A rule of the document that compiled. */
export interface CheckedRule {
  readonly document: RuleDocument;
  readonly rule: Rule;
  readonly path: Path;
}

export const checkLoops = (loaded: LoadedDocument, rules: readonly CheckedRule[]): Problem[] => {
  const dead = loaded.document.spec.delivery?.onFailure?.deadLetter?.topic;
  return rules.flatMap(({ document, rule, path }) => {
    const read = rule.sources.flatMap(source => (source.kind === 'kafka' ? [source.topic] : []));
    return read.flatMap(topic => {
      const way = topic === dead ? 'its own dead letters go there' : wayBackTo(topic, document, rules);
      if (way === undefined) return [];
      const at = [...path, 'sql'];
      return [toProblem(loaded.locate(at), at, new MkbError('rule-loop', { topic, way }), 'warning')];
    });
  });
};

const wayBackTo = (topic: string, { sinks }: RuleDocument, rules: readonly CheckedRule[]): string | undefined => {
  const published = sinks.flatMap(({ mqtt }) => (mqtt === undefined ? [] : [filterOf(mqtt.topic)]));
  const next = rules.find(
    ({ document, rule }) =>
      document.sinks.some(({ kafka }) => kafka?.topic === topic) &&
      rule.sources.some(
        source => source.kind === 'mqtt' && published.some(each => filtersOverlap(each, source.filter)),
      ),
  );
  return next && `the rule ${next.document.name} reads where it publishes, and writes there`;
};

/** The topics that a template can make, as a filter: a level with a placeholder may be anything. */
const filterOf = (template: string): string =>
  template
    .replace(/\$\{[^}]*\}/g, '\0')
    .split('/')
    .map(level => (level.includes('\0') ? '+' : level))
    .join('/');
