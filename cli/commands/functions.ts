/** The command line of `mkb functions`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

const help = `
Examples:
  mkb functions                  all of them, by group
  mkb functions substr           one in detail, with examples
  mkb functions date             all whose name or meaning has the word, if no function has that name
  mkb functions --json           for programs and editors
${exitCodeHelp([exitCodes.ok, 'found'], [exitCodes.failed, 'there is no such function'])}`;

export const functionsCommand = (): Command =>
  new Command('functions')
    .argument('[name]', 'a function, or a word to look for')
    .option('--json', 'print JSON for programs')
    .addHelpText('after', help)
    .action(async (name: string | undefined, options: { json?: true }) => {
      const { printFunctions } = await import('../functions.ts');
      printFunctions(name, options);
    });
