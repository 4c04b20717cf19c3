/** What `mkb test` prints: a line for each test, what differs for those that fail, and the counts. */
import { styleText } from 'node:util';
import type { Place } from '../api/problems.ts';
import type { RuleCoverage } from './test-coverage.ts';
import type { DiffLine } from './test-diff.ts';

export interface Result {
  /** The name of the document's bridge. */
  readonly bridge: string;
  readonly rule: string;
  readonly name: string;
  /** Where the test stands. */
  readonly place: Place;
  readonly milliseconds: number;
  /** Nothing if it passed. */
  readonly difference: readonly DiffLine[];
}

/** A rule that was looked at, tested or not. */
export interface CoveredRule {
  readonly bridge: string;
  readonly coverage: RuleCoverage;
  /** Where a character of its SQL stands in the file. */
  locate(offset: number): Place;
}

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

const styleOf = (colour: boolean): Style =>
  colour ? (format, text) => styleText(format, text, { validateStream: false }) : (_format, text) => text;

/** All results, by rule, and the counts. */
export const resultsText = (results: readonly Result[], colour: boolean): string => {
  const style = styleOf(colour);
  const groups = Map.groupBy(results, ({ bridge, rule }) => `${bridge}: ${rule}`);
  const bodies = [...groups].map(
    ([title, group]) => `${title}\n${group.map(each => resultText(each, style)).join('')}`,
  );
  return `${bodies.join('\n')}\n${countsText(results, style)}\n`;
};

const resultText = ({ name, place, difference }: Result, style: Style): string => {
  if (difference.length === 0) return `  ${style('green', 'ok')}    ${name}\n`;
  const where = style('dim', `${place.file}:${place.line}:${place.column}`);
  return `  ${style('red', 'FAIL')}  ${name}  ${where}\n${difference.map(line => diffText(line, style)).join('')}`;
};

const diffText = ({ mark, text }: DiffLine, style: Style): string => {
  const line = `        ${mark} ${text}`.trimEnd();
  return `${mark === ' ' ? line : style(mark === '-' ? 'red' : 'green', line)}\n`;
};

const countsText = (results: readonly Result[], style: Style): string => {
  const failed = results.filter(({ difference }) => difference.length > 0).length;
  const tests = `${results.length} ${results.length === 1 ? 'test' : 'tests'}`;
  if (failed === 0) return `${tests}: ${style('green', 'all passed')}`;
  return `${tests}: ${results.length - failed} passed, ${style('red', `${failed} failed`)} (- expected, + came)`;
};

/** Which rules have tests, and which branches of CASE no test takes. */
export const coverageText = (rules: readonly CoveredRule[], colour: boolean): string => {
  const style = styleOf(colour);
  const branches = rules.flatMap(({ coverage }) => coverage.branches);
  const tested = rules.filter(({ coverage }) => coverage.tests > 0).length;
  const totals = [
    `rules with tests: ${tested} of ${rules.length}`,
    ...(branches.length === 0 ? [] : [`branches of CASE: ${takenText(branches)}`]),
  ];
  return `\nCoverage\n${rules.map(rule => ruleText(rule, style)).join('')}  ${totals.join(', ')}\n`;
};

const takenText = (branches: readonly { readonly taken: number }[]): string =>
  `${branches.filter(({ taken }) => taken > 0).length} of ${branches.length}`;

const ruleText = ({ bridge, coverage, locate }: CoveredRule, style: Style): string => {
  const { name, tests, selected, branches } = coverage;
  const counts =
    tests === 0 ? style('yellow', 'no tests') : `${tests} ${tests === 1 ? 'test' : 'tests'}, ${selected} with rows`;
  const cases = branches.length === 0 ? '' : `, branches of CASE ${takenText(branches)}`;
  const missed = branches.filter(({ taken }) => taken === 0);
  const lines = missed.map(({ text, offset }) => {
    const { file, line, column } = locate(offset);
    return `    ${style('yellow', 'never taken')}  ${file}:${line}:${column}  ${text}\n`;
  });
  return `  ${bridge}: ${name}  ${counts}${cases}\n${lines.join('')}`;
};
