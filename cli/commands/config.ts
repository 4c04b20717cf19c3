/** The command line of `mkb config`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

const help = `
Secrets written in a document are always printed as [redacted]; where other secrets come from is shown.

Examples:
  mkb config print --redact bridge.yaml
  mkb config print deploy/ | less
${exitCodeHelp([exitCodes.ok, 'printed'], [exitCodes.configuration, 'a document is not valid; nothing is printed'])}`;

export const configCommand = (): Command =>
  new Command('config').addCommand(
    new Command('print')
      .description('print documents with their defaults filled in and their secrets redacted')
      .argument('<file...>', 'files, folders, or - for standard input')
      .option('--redact', 'replace secrets; always on, to be written where it should be seen')
      .addHelpText('after', help)
      .action(async (files: string[]) => {
        const { print } = await import('../config.ts');
        process.exitCode = await print(files);
      }),
  );
