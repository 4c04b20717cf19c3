/** What a document must say, or should know, because a rule remembers: windows of GROUP BY, CHANGED and DEDUP. */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { problemOf, toProblem } from './problem-of.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument } from './rule-document.ts';

/** @param path of the rule */
export const checkState = (loaded: LoadedDocument, document: RuleDocument, rule: Rule, path: Path): Problem[] => [
  ...mqttHeaders(loaded, document, rule, path),
  ...perReplica(loaded, document, rule, path),
];

/** A row of a window is made of many messages, so there is no topic, QoS or user property to write. */
const mqttHeaders = (loaded: LoadedDocument, { name, sinks }: RuleDocument, { windows }: Rule, path: Path): Problem[] =>
  sinks.flatMap(({ kafka, mqtt }, at) => {
    const field = kafka?.mqttHeaders
      ? ['kafka', 'mqttHeaders']
      : mqtt?.mqttProperties
        ? ['mqtt', 'mqttProperties']
        : [];
    if (windows === undefined || field.length === 0) return [];
    const error = new MkbError('rule-window-headers', { rule: name });
    return [problemOf(loaded, [...path, 'sinks', at, ...field], error)];
  });

const perReplica = (loaded: LoadedDocument, { name }: RuleDocument, rule: Rule, path: Path): Problem[] => {
  const { replicas, autoscaling } = loaded.document.spec.bridge;
  const several = replicas > 1 || autoscaling !== undefined;
  if (!several || (rule.windows === undefined && rule.memories.length === 0)) return [];
  const place = [...path, 'sql'];
  return [toProblem(loaded.locate(place), place, new MkbError('rule-state-per-replica', { rule: name }), 'warning')];
};
