/** Names that one filter of a rule captures and another does not: for messages of the other they have no value, and a key of them is none. */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { templatesOf } from './check-templates.ts';
import { parseRule } from './parser.ts';
import { toProblem } from './problem-of.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument } from './rule-document.ts';
import { capturedBy } from './sources.ts';
import { compileTemplate } from './template.ts';

/** @param path of the rule */
export const checkCaptures = (loaded: LoadedDocument, document: RuleDocument, rule: Rule, path: Path): Problem[] => {
  if (rule.sources.length < 2 || rule.captureNames.length === 0) return [];
  const read = new Set([...rule.reads, ...templateReads(document, rule)].map(name => name.split('.')[0]));
  const place = [...path, 'sql'];
  return rule.captureNames.flatMap(name => {
    const at = rule.sources.findIndex(source => source.kind !== 'event' && !capturedBy(source).includes(name));
    if (at < 0 || !read.has(name)) return [];
    const { start, text: filter } = parseRule(document.sql).from[at]!;
    const error = new MkbError('rule-capture-partial', { name, filter });
    return [toProblem(loaded.locateInString(place, start), place, error, 'warning')];
  });
};

const templateReads = ({ sinks }: RuleDocument, rule: Rule): string[] =>
  sinks.flatMap(templatesOf).flatMap(({ text }) => {
    try {
      return [...compileTemplate(text, rule).reads];
    } catch {
      // Reported where templates are checked.
      return [];
    }
  });
