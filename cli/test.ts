/**
 * `mkb test`: the tests of rules, those that stand beside the rules in a document and those in `*_test.yaml`.
 *
 * Nothing is connected and nothing is written but the report: messages go through the compiled rules and the bridge's own sinks, and what
 * the sinks would write is compared with what the tests expect.
 */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printError, printProblems, takesColour } from './output.ts';
import { junitXml } from './test-junit.ts';
import { coverageText, resultsText } from './test-report.ts';
import { runSuites } from './test-suites.ts';
import { watchFiles } from './test-watch.ts';

interface TestOptions {
  readonly rule?: string;
  readonly coverage?: true;
  readonly junit?: string;
  readonly watch?: true;
}

const help = `
A test gives a rule a message and says what must become of it: rows, records of the sinks, or an error.

  rules:
    - name: fast
      sql: SELECT payload.speed AS speed FROM "cars/{vin}" WHERE payload.speed > 100
      sinks: [{kafka: {topic: fast, key: "\${vin}"}}]
      tests:
        - name: a fast car is kept, under its number
          message: {topic: cars/7, payload: '{"speed": 120}'}
          records: [{topic: fast, key: "7", value: '{"speed": 120}'}]
        - name: a slow car is not
          message: {topic: cars/7, payload: '{"speed": 20}'}
          rows: []

A file named *_test.yaml holds tests apart from the document: {document: bridge.yaml, tests: [{rule: fast, name: ..., ...}]}.
A folder stands for all its documents and tests. The clock stands at the timestamp of the message. followedBy is a list of messages that come
after it; in the end, the windows of a rule end.

Examples:
  mkb test bridge.yaml
  mkb test deploy/ --coverage --junit report.xml
  mkb test bridge.yaml --watch
${exitCodeHelp(
  [exitCodes.ok, 'all tests passed'],
  [exitCodes.failed, 'a test failed, or there is none'],
  [exitCodes.configuration, 'a file is not valid'],
)}`;

export const testCommand = (): Command =>
  new Command('test')
    .description('run the tests of rules, with no broker')
    .argument('<file...>', 'documents, *_test.yaml files, or folders with both')
    .option('--rule <name>', 'only the tests of this rule')
    .option('--coverage', 'list which rules have no test, and which branches of CASE no test takes')
    .option('--junit <file>', 'write the results as JUnit XML, too')
    .option('--watch', 'run again whenever a file changes, until interrupted')
    .addHelpText('after', help)
    .action(async (files: string[], options: TestOptions) => {
      if (options.watch) await watchFiles(files, () => runOnce(files, options));
      else process.exitCode = await runOnce(files, options);
    });

/** Returns the exit code. */
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
