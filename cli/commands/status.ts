/** The command line of `mkb status`. */
import { Command, Option } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { StatusOptions } from '../status.ts';
import { withKubeConfigOptions } from './kube-config-options.ts';

const help = `
Without names, a row for each bridge, and below them why some are not as they should be. With names, everything about these: conditions,
which generation of the document runs, replicas, flow, endpoints, the last events.

READY is True if the newest document runs on all replicas. RECEIVED and DELIVERED are rates, DEAD-LETTERED and DROPPED are counts since the
Pods started; all are rounded to two digits, and at most some minutes old. JSON and YAML have the same and the whole status besides; with
--watch they print one bridge at a time, at each change. The exit code of --watch is that of what it showed last.

As kubectl-mkb on the PATH this program is a plugin of kubectl: kubectl mkb status.

Examples:
  mkb status
  mkb status --all-namespaces --watch
  mkb status my-vehicles --namespace shop
  mkb status -A -o json | jq -r '.[] | select(.ready | not) | .name'
${exitCodeHelp(
  [exitCodes.ok, 'all are ready'],
  [exitCodes.failed, 'one is not ready or not there'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'the cluster does not answer'],
  [exitCodes.configuration, 'the kubeconfig is wrong, or there is none'],
)}`;

export const statusCommand = (): Command =>
  withKubeConfigOptions(
    new Command('status')
      .argument('[name...]', 'bridges to show in detail')
      .option('-n, --namespace <name>', 'the namespace to look in, in place of that of the context')
      .addOption(new Option('-A, --all-namespaces', 'look in all namespaces').conflicts('namespace')),
  )
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['text', 'json', 'yaml']).default('text'))
    .option('-w, --watch', 'go on, and print what changes, until Ctrl-C')
    .addHelpText('after', help)
    .action(async (names: string[], options: StatusOptions) => {
      const { status } = await import('../status.ts');
      process.exitCode = await status(names, options);
    });
