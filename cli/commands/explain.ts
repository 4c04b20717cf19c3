/** The command line of `mkb explain`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { ExplainOptions } from '../explain.ts';

const help = `
Prints for each rule the topics it matches, what it reads of a message, whether it parses the payload, what a row holds, and where it goes.

Examples:
  mkb explain bridge.yaml
  mkb explain bridge.yaml --rule vehicles
  mkb explain bridge.yaml --json | jq '.[].rules[].reads'
${exitCodeHelp([exitCodes.ok, 'explained'], [exitCodes.failed, 'no rule has that name'], [exitCodes.configuration, 'the document is not valid'])}`;

export const explainCommand = (): Command =>
  new Command('explain')
    .argument('<file...>', 'files, folders, or - for standard input')
    .option('--rule <name>', 'only the rule of this name')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', help)
    .action(async (files: string[], options: ExplainOptions) => {
      const { explain } = await import('../explain.ts');
      process.exitCode = await explain(files, options);
    });
