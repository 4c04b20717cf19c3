/** What is printed where: results on stdout, everything about them on stderr. */
import type { WriteStream } from 'node:tty';
import { MkbError } from '../api/errors.ts';
import { formatProblems, type Problem } from '../api/problems.ts';
import { recordCause } from './termination-log.ts';

/** Whether a stream takes colours: a terminal that has them, unless NO_COLOR says otherwise. */
export const takesColour = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && (stream as WriteStream).hasColors();

export const printProblems = (problems: readonly Problem[]): void => {
  if (problems.length === 0) return;
  process.stderr.write(formatProblems(problems, { colour: takesColour(process.stderr) }));
  const worst = problems.find(({ severity }) => severity === 'error');
  if (worst) recordCause(`${worst.path}: ${worst.message}`);
};

/** Tells an error of the table: what happened, and what to do. Anything else is a bug, and thrown on with its stack. */
export const printError = (error: unknown): void => {
  if (!MkbError.is(error)) throw error;
  process.stderr.write(`error: ${error.message} [${error.code}]\n  remedy: ${error.remedy}\n`);
  recordCause(`${error.message} [${error.code}] ${error.remedy}`);
};
