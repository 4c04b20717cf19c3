/** The command line of `mkb fmt`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { FmtOptions } from '../fmt.ts';

const help = `
Writes documents in one form: indentation by two, even spaces, and the SQL of rules with reserved words in capitals and a clause a line where it is long. Comments, empty
lines, quotes and the order of fields stay, and so does what a document does: what comes out is read again and compared. The names of changed files are
printed. A bridge that is reloaded takes a rule with another text for another rule: its windows and what CHANGED remembers begin again.

Examples:
  mkb fmt bridge.yaml
  mkb fmt --check bridges/
  mkb fmt - < bridge.yaml
${exitCodeHelp(
  [exitCodes.ok, 'all have that form'],
  [exitCodes.failed, 'with --check, some have not'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'a file cannot be read, or not be formatted'],
)}`;

export const fmtCommand = (): Command =>
  new Command('fmt')
    .argument('<file...>', 'files, folders, or - from standard input to standard output')
    .option('--check', 'change nothing, and print the names of files that have another form')
    .addHelpText('after', help)
    .action(async (files: string[], options: FmtOptions) => {
      const { fmt } = await import('../fmt.ts');
      process.exitCode = await fmt(files, options);
    });
