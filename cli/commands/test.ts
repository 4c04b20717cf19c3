/** The command line of `mkb test`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { TestOptions } from '../test.ts';

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
    .argument('<file...>', 'documents, *_test.yaml files, or folders with both')
    .option('--rule <name>', 'only the tests of this rule')
    .option('--coverage', 'list which rules have no test, and which branches of CASE no test takes')
    .option('--junit <file>', 'write the results as JUnit XML, too')
    .option('--watch', 'run again whenever a file changes, until interrupted')
    .addHelpText('after', help)
    .action(async (files: string[], options: TestOptions) => {
      const { test } = await import('../test.ts');
      process.exitCode = await test(files, options);
    });
