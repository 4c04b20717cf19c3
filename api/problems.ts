/**
 * What is wrong with a document, where, and what to do: for people (`formatProblems`) and for programs (`Problem` is plain JSON).
 *
 * A place carries its line of the file, so that whoever prints a problem needs no access to the file. Secrets are already masked in it.
 */
import { styleText } from 'node:util';
import type { ErrorCode } from './errors.ts';

/** The way to a field: names of mappings and positions in lists, from the document's root. */
export type Path = readonly (string | number)[];

/** A place in a file; line and column count from 1, and columns are UTF-16 code units, as editors count. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The whole line, secrets masked; missing when there is no file to show. */
  readonly sourceLine?: string;
}

export interface Problem extends Place {
  /** A warning is about something legal that is likely to surprise; only errors stop a document. */
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  /** The field, as in `spec.rules[0].sql`; empty for the document as a whole. */
  readonly path: string;
  /** What was found and what is allowed. */
  readonly message: string;
  readonly remedy?: string | undefined;
}

/** `['spec', 'rules', 0, 'sql']` as `spec.rules[0].sql`; names that are not plain words in quotes and brackets. */
export const formatPath = (path: Path): string => path.map((step, index) => formatStep(step, index === 0)).join('');

const formatStep = (step: string | number, first: boolean): string => {
  if (typeof step === 'number') return `[${step}]`;
  if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
  return first ? step : `.${step}`;
};

/** The inverse of `formatPath`, for paths of plain words and positions. */
export const parsePath = (text: string): Path =>
  [...text.matchAll(/\[([0-9]+)\]|([^.[\]]+)/g)].map(([, index, name]) => name ?? Number(index));

/** Whether any of them stops the document. */
export const hasErrors = (problems: readonly Problem[]): boolean =>
  problems.some(({ severity }) => severity === 'error');

/** By file, then by place in the file; what stands at one place keeps its order. */
export const sortProblems = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column);

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/**
 * Problems for a terminal, in the order given, one paragraph each:
 *
 *     bridge.yaml:9:7: error: `lingr` is not a field here. Did you mean `linger`? [field-unknown]
 *       at spec.kafka.producer.lingr
 *       9 |       lingr: 5ms
 *         |       ^
 *       remedy: Allowed here: acks, idempotent, compression, linger, batchBytes.
 */
export const formatProblems = (problems: readonly Problem[], { colour }: { colour: boolean }): string => {
  const style: Style = colour
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_, text) => text;
  return problems.map(problem => formatProblem(problem, style)).join('\n');
};

const formatProblem = (problem: Problem, style: Style): string => {
  const place = style('bold', `${problem.file}:${problem.line}:${problem.column}`);
  const severity = style(problem.severity === 'error' ? 'red' : 'yellow', problem.severity);
  const lines = [`${place}: ${severity}: ${problem.message} ${style('dim', `[${problem.code}]`)}`];
  if (problem.path !== '') lines.push(`  at ${problem.path}`);
  for (const line of excerpt(problem, style)) lines.push(line);
  if (problem.remedy) lines.push(`  ${style('green', 'remedy:')} ${problem.remedy}`);
  return `${lines.join('\n')}\n`;
};

const longestExcerpt = 160;

/** The line and a caret under the column. A long line is cut around the column. */
const excerpt = ({ sourceLine, line, column }: Problem, style: Style): string[] => {
  if (sourceLine === undefined || sourceLine.trim() === '') return [];
  const from = column <= longestExcerpt ? 0 : column - longestExcerpt / 2;
  const shown = sourceLine.slice(from, from + longestExcerpt);
  const before = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  const gutter = String(line);
  return [
    `  ${style('dim', `${gutter} |`)} ${shown}`,
    `  ${style('dim', `${' '.repeat(gutter.length)} |`)} ${before}${style('red', '^')}`,
  ];
};
