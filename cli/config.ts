/** `mkb config print`: documents as the bridge sees them, with every default filled in and no secret. */
import { Command } from 'commander';
import { stringify } from 'yaml';
import { hasErrors } from '../api/problems.ts';
import { redact } from '../api/secrets.ts';
import { loadChecked } from './documents.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printProblems } from './output.ts';

const help = `
Secrets written in a document are always printed as [redacted]; where other secrets come from is shown.

Examples:
  mkb config print --redact bridge.yaml
  mkb config print deploy/ | less
${exitCodeHelp([exitCodes.ok, 'printed'], [exitCodes.configuration, 'a document is not valid; nothing is printed'])}`;

export const configCommand = (): Command =>
  new Command('config').description('look at the configuration').addCommand(
    new Command('print')
      .description('print documents with their defaults filled in and their secrets redacted')
      .argument('<file...>', 'files, folders, or - for standard input')
      .option('--redact', 'replace secrets; always on, to be written where it should be seen')
      .addHelpText('after', help)
      .action(async (files: string[]) => {
        process.exitCode = await print(files);
      }),
  );

const print = async (files: readonly string[]): Promise<number> => {
  const { documents, problems } = await loadChecked(files, 'anywhere');
  printProblems(problems);
  if (hasErrors(problems)) return exitCodes.configuration;
  process.stdout.write(documents.map(({ document }) => stringify(redact(document), { lineWidth: 0 })).join('---\n'));
  return exitCodes.ok;
};
