/** What is valid in a rule and hardly ever meant, as warnings at the character. */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import type { Path, Problem } from '../api/problems.ts';
import { placeAt } from './position.ts';
import { toProblem } from './problem-of.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument, SinkDocument } from './rule-document.ts';

/** @param path of the rule */
export const checkDoubts = (loaded: LoadedDocument, document: RuleDocument, rule: Rule, path: Path): Problem[] => {
  const place = [...path, 'sql'];
  const doubts = rule.doubts.map(({ offset, reason }) => {
    const error = new MkbError('rule-doubtful', { ...placeAt(document.sql, offset), line: 0, reason });
    return toProblem(loaded.locateInString(place, offset), place, error, 'warning');
  });
  const { name, sinks } = document;
  if (!rule.foreach || !rule.reads.includes('*') || !sinks.some(writesWhole)) return doubts;
  return [
    ...doubts,
    toProblem(loaded.locate(place), place, new MkbError('rule-foreach-whole', { rule: name }), 'warning'),
  ];
};

/** Without a value of its own, a sink writes the whole row. */
const writesWhole = ({ kafka, mqtt }: SinkDocument): boolean => {
  const value = kafka === undefined ? mqtt?.payload : kafka.value;
  return value === undefined || value.includes('${.}');
};
