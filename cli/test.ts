/**
 * `mkb test`: the tests of rules, those that stand beside the rules in a document and those in `*_test.yaml`.
 *
 * Nothing is connected and nothing is written but the report: messages go through the compiled rules and the bridge's own sinks, and what
 * the sinks would write is compared with what the tests expect.
 */
import { writeFile } from 'node:fs/promises';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { exitCodes } from './exit-codes.ts';
import { printError, printProblems, takesColour } from './output.ts';
import { junitXml } from './test-junit.ts';
import { coverageText, resultsText } from './test-report.ts';
import { runSuites } from './test-suites.ts';
import { watchFiles } from './test-watch.ts';

export interface TestOptions {
  readonly rule?: string;
  readonly coverage?: true;
  readonly junit?: string;
  readonly watch?: true;
}

/** Returns the exit code. */
export const test = async (files: readonly string[], options: TestOptions): Promise<number> => {
  if (!options.watch) return runOnce(files, options);
  await watchFiles(files, () => runOnce(files, options));
  return exitCodes.ok;
};

const runOnce = async (files: readonly string[], options: TestOptions): Promise<number> => {
  const { results, rules, problems } = await runSuites(files, options.rule);
  printProblems(problems);
  if (hasErrors(problems)) return exitCodes.configuration;
  const colour = takesColour(process.stdout);
  if (results.length > 0) process.stdout.write(resultsText(results, colour));
  if (options.coverage) process.stdout.write(coverageText(rules, colour));
  if (options.junit !== undefined) await writeReport(options.junit, junitXml(results));
  if (results.length > 0)
    return results.some(({ difference }) => difference.length > 0) ? exitCodes.failed : exitCodes.ok;
  printError(new MkbError('tests-missing', { rule: options.rule }));
  return exitCodes.failed;
};

const writeReport = async (file: string, text: string): Promise<void> => {
  try {
    await writeFile(file, text);
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new MkbError('report-unwritable', { file, reason: code }, { cause });
  }
};
