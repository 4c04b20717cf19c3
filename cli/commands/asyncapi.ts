/** The command line of `mkb asyncapi`. */
import { Command, Option } from 'commander';
import type { AsyncapiOptions } from '../asyncapi.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

const help = `
Prints what a bridge receives and sends as a document of AsyncAPI 3.1: servers, topics with their parameters, operations of each rule, and of messages what the
document knows: its schemas, and the names that SELECT gives. It has no user names, passwords, tokens, or values of headers.

Examples:
  mkb asyncapi bridge.yaml > contract.yaml
  mkb asyncapi bridge.yaml --check contract.yaml
${exitCodeHelp(
  [exitCodes.ok, 'printed, or with --check the file is up to date'],
  [exitCodes.failed, 'with --check, it is not'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'a file cannot be read, or the document is not valid'],
)}`;

export const asyncapiCommand = (): Command =>
  new Command('asyncapi')
    .argument('<document>', 'file of one document, or - for standard input')
    .addOption(new Option('--format <format>', 'how to write it').choices(['yaml', 'json']).default('yaml'))
    .option('--api-version <text>', 'the version of the contract', '1.0.0')
    .addOption(
      new Option('--check <file>', 'print nothing but where this file differs; its version may be any').conflicts([
        'format',
        'apiVersion',
      ]),
    )
    .addHelpText('after', help)
    .action(async (document: string, options: AsyncapiOptions) => {
      const { asyncapi } = await import('../asyncapi.ts');
      process.exitCode = await asyncapi(document, options);
    });
