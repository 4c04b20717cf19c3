/** The command line of `mkb restart`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { RestartOptions } from '../restart.ts';
import { withBridgeArgument, withWaitOptions } from './cluster-options.ts';

const help = `
Rolls the Pods of a bridge: each delivers and acknowledges what it has read, ends, and is started again, one after the other. Its session and its offsets wait
for it, so nothing is lost. A changed document needs no restart, unless the status says so.

Examples:
  mkb restart my-vehicles
  kubectl mkb restart my-vehicles --namespace shop --timeout 10m
${exitCodeHelp(
  [exitCodes.ok, 'all replicas are others, and connected; with --no-wait, it has begun'],
  [exitCodes.failed, 'there is no such bridge, it is stopped, or the time is over'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'the cluster does not answer'],
  [exitCodes.configuration, 'the kubeconfig is wrong, or there is none'],
)}`;

export const restartCommand = (): Command =>
  withWaitOptions(withBridgeArgument(new Command('restart')))
    .addHelpText('after', help)
    .action(async (name: string, options: RestartOptions) => {
      const { restart } = await import('../restart.ts');
      process.exitCode = await restart(name, options);
    });
