/** The command line of `mkb logs`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { LogsOptions } from '../logs.ts';
import { withBridgeArgument } from './cluster-options.ts';
import { logFormatOption, ordinalOption, parseDuration } from './process-options.ts';

const help = `
Prints what the Pods of a bridge log: one short line for each event on a terminal, each with its Pod, and JSON lines otherwise, with the Pod in "pod". With --follow it
goes on, with Pods that come later too, until Ctrl-C.

Examples:
  mkb logs my-vehicles --follow
  mkb logs my-vehicles --ordinal 1 --previous          why the second replica ended
  mkb logs my-vehicles --since 1h --tail 10000 | jq -r 'select(.level >= 50) | .msg'
${exitCodeHelp(
  [exitCodes.ok, 'printed'],
  [exitCodes.failed, 'there is no such bridge, or it has no Pod'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'the cluster does not answer'],
  [exitCodes.configuration, 'the kubeconfig is wrong, or there is none'],
)}`;

export const logsCommand = (): Command =>
  withBridgeArgument(new Command('logs'))
    .option('-f, --follow', 'go on, and print what is logged from now on')
    .option('-p, --previous', 'of the container before the one that runs')
    .addOption(ordinalOption('of this replica alone, from 0'))
    .addOption(new Option('--tail <lines>', 'of each Pod, the last lines').argParser(parseLines).default(200))
    .addOption(new Option('--since <duration>', 'what is not older, such as 10m').argParser(parseDuration))
    .addOption(logFormatOption())
    .addHelpText('after', help)
    .action(async (name: string, options: LogsOptions) => {
      const { logs } = await import('../logs.ts');
      process.exitCode = await logs(name, options);
    });

function parseLines(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 0.');
}
