/** The command line of `mkb resume`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { ResumeOptions } from '../pause.ts';
import { withBridgeArgument, withWaitOptions } from './cluster-options.ts';

const help = `
Starts a bridge that is stopped, by mkb pause or otherwise (bridge.replicas: 0), with as many replicas as it had. It takes up its sessions and its offsets: what waits
is delivered, by the newest document.

Examples:
  mkb resume my-vehicles
  mkb resume my-vehicles --replicas 3
${exitCodeHelp(
  [exitCodes.ok, 'all replicas are connected; with --no-wait, they are being started'],
  [exitCodes.failed, 'there is no such bridge, or the time is over'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'the cluster does not answer'],
  [exitCodes.configuration, 'the kubeconfig is wrong, or there is none'],
)}`;

export const resumeCommand = (): Command =>
  withWaitOptions(withBridgeArgument(new Command('resume')))
    .addOption(new Option('--replicas <n>', 'how many, in place of as many as it had').argParser(parseReplicas))
    .addHelpText('after', help)
    .action(async (name: string, options: ResumeOptions) => {
      const { resume } = await import('../pause.ts');
      process.exitCode = await resume(name, options);
    });

function parseReplicas(text: string): number {
  if (/^[1-9][0-9]{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 to 999.');
}
