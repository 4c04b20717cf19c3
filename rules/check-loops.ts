/**
 * Rules that could feed themselves: what one writes to MQTT or Kafka another reads, and so on until it comes back; or dead letters land in a
 * topic that a rule reads. Warnings, since WHERE may prevent it.
 *
 * A Kafka topic that a template makes is followed only to patterns that may match it: `${topic}-copy` to `telemetry-*`, which would copy copies
 * for ever. To a rule that reads one topic it is not, for nobody knows whether that is the one. Dead letters never come back by a pattern,
 * since patterns do not match the topic that they go to.
 */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { mostWarnings } from './check-overlaps.ts';
import { componentsOf } from './components.ts';
import { FilterIndex } from './filter-index.ts';
import { toProblem } from './problem-of.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument, SinkDocument } from './rule-document.ts';
import { matchTopic, patternsOverlap, type TopicPattern } from './topic-pattern.ts';

/** How many patterns each sink is held against. */
const mostPatterns = 1000;

/** A rule of the document that compiled. */
export interface CheckedRule {
  readonly document: RuleDocument;
  readonly rule: Rule;
  readonly path: Path;
}

/** How many ways from rule to rule are followed, so that a document of thousands of rules that all read `#` is checked in time. */
const mostWays = 100_000;

export const checkLoops = (loaded: LoadedDocument, rules: readonly CheckedRule[]): Problem[] => {
  const loops = [...deadLetterLoops(loaded, rules), ...circles(waysBetween(rules), rules)];
  const problems = loops
    .slice(0, mostWarnings)
    .map(({ at, way }) => toProblem(loaded.locate(at), at, new MkbError('rule-loop', { way }), 'warning'));
  if (loops.length <= mostWarnings) return problems;
  const error = new MkbError('rule-warnings-omitted', {
    what: 'rules that feed themselves',
    count: loops.length - mostWarnings,
  });
  return [...problems, toProblem(loaded.locate(['spec', 'rules']), ['spec', 'rules'], error, 'warning')];
};

interface Loop {
  readonly at: Path;
  readonly way: string;
}

const deadLetterLoops = ({ document }: LoadedDocument, rules: readonly CheckedRule[]): Loop[] => {
  const dead = document.spec.delivery?.onFailure?.deadLetter?.topic;
  return rules.flatMap(({ rule, path }) =>
    kafkaTopics(rule).includes(dead as string)
      ? [{ at: [...path, 'sql'], way: `it reads the Kafka topic ${dead}, and its own dead letters go there` }]
      : [],
  );
};

/** The Kafka topics that a rule names, patterns left out. */
const kafkaTopics = ({ sources }: Rule): string[] =>
  sources.flatMap(source => (source.kind === 'kafka' && source.pattern === undefined ? [source.topic] : []));

const kafkaPatterns = ({ sources }: Rule): TopicPattern[] =>
  sources.flatMap(source => (source.kind === 'kafka' && source.pattern !== undefined ? [source.pattern] : []));

/** A way from one rule to the next. */
interface Way {
  readonly to: number;
  /** Where the one writes, and the other reads. */
  readonly through: string;
}

/** For each rule, the rules that read what it writes. */
const waysBetween = (rules: readonly CheckedRule[]): readonly (readonly Way[])[] => {
  const readersOf = readersIn(rules);
  let left = mostWays;
  return rules.map(({ document }) => {
    const ways = new Map<number, Way>();
    for (const { to, through } of first(left, document.sinks, readersOf)) {
      left--;
      if (!ways.has(to)) ways.set(to, { to, through });
    }
    return [...ways.values()];
  });
};

/** The first of what is yielded for all of a list. */
function* first<T, U>(count: number, list: readonly T[], of: (one: T) => Iterable<U>): Generator<U> {
  let left = count;
  for (const one of list)
    for (const found of of(one)) {
      if (left-- <= 0) return;
      yield found;
    }
}

/** Finds the rules that read what a sink writes, one after the other as they are asked for. */
const readersIn = (rules: readonly CheckedRule[]) => {
  const [kafkaReaders, mqttReaders] = [readersOfKafka(rules), readersOfMqtt(rules)];
  return function* readersOf({ kafka, mqtt }: SinkDocument): Generator<Way> {
    const written = kafka?.topic ?? mqtt?.outcome?.topic;
    if (written !== undefined)
      for (const to of kafkaReaders(written)) yield { to, through: `the Kafka topic ${written}` };
    if (mqtt) for (const to of mqttReaders(mqtt.topic)) yield { to, through: `the MQTT topic ${mqtt.topic}` };
  };
};

const readersOfKafka = (rules: readonly CheckedRule[]) => {
  const byTopic = new Map<string, number[]>();
  const patterns: { readonly pattern: TopicPattern; readonly to: number }[] = [];
  for (const [number, { rule }] of rules.entries()) {
    for (const topic of kafkaTopics(rule)) grouped(byTopic, topic).push(number);
    for (const pattern of kafkaPatterns(rule)) patterns.push({ pattern, to: number });
  }
  return function* readersOf(template: string): Generator<number> {
    yield* byTopic.get(template) ?? [];
    const written = patternOf(template);
    const meets = (pattern: TopicPattern) =>
      typeof written === 'string' ? matchTopic(pattern, written) !== undefined : patternsOverlap(pattern, written);
    for (const { pattern, to } of patterns.slice(0, mostPatterns)) if (meets(pattern)) yield to;
  };
};

const readersOfMqtt = (rules: readonly CheckedRule[]) => {
  const byFilter = new Map<string, number[]>();
  const filters = new FilterIndex<number[]>();
  for (const [number, { rule }] of rules.entries()) {
    for (const source of rule.sources) {
      if (source.kind !== 'mqtt') continue;
      const readers = grouped(byFilter, source.filter);
      readers.push(number);
      filters.add(source.filter, readers);
    }
  }
  return function* readersOf(template: string): Generator<number> {
    for (const { value } of filters.overlapping(filterOf(template))) yield* value;
  };
};

const grouped = (groups: Map<string, number[]>, key: string): number[] => {
  const group = groups.get(key) ?? [];
  groups.set(key, group);
  return group;
};

/** The first rule of each circle, with its next step on it. */
const circles = (ways: readonly (readonly Way[])[], rules: readonly CheckedRule[]): Loop[] => {
  const groupOf = componentsOf(ways.map(each => each.map(({ to }) => to)));
  const reported = new Set<number>();
  return rules.flatMap(({ document, path }, number) => {
    const group = groupOf[number]!;
    const step = ways[number]!.find(({ to }) => groupOf[to] === group);
    if (step === undefined || reported.has(group)) return [];
    reported.add(group);
    const reader = step.to === number ? 'it reads that too' : `the rule ${rules[step.to]!.document.name} reads that`;
    const back = step.to === number ? '' : `, and what that writes comes back to ${document.name}`;
    return [{ at: [...path, 'sql'], way: `it writes to ${step.through}, ${reader}${back}` }];
  });
};

/** The Kafka topics that a template can make: one, or a pattern. */
const patternOf = (template: string): string | TopicPattern => {
  const texts = template.split(/\$\{[^}]*\}/);
  return texts.length === 1 ? template : { texts, captures: texts.slice(1).map(() => undefined) };
};

/** The MQTT topics that a template can make, as a filter: a level with a placeholder may be anything. */
const filterOf = (template: string): string =>
  template
    .replace(/\$\{[^}]*\}/g, '\0')
    .split('/')
    .map(level => (level.includes('\0') ? '+' : level))
    .join('/');
