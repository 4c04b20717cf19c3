/** Options of the commands that do something with a bridge of a cluster. */
import { type Command, Option } from 'commander';
import { withKubeConfigOptions } from './kube-config-options.ts';
import { parseDuration } from './process-options.ts';

/** Gives a command the bridge that it is about. */
export const withBridgeArgument = (command: Command): Command =>
  withKubeConfigOptions(
    command
      .argument('<name>', 'the bridge')
      .option('-n, --namespace <name>', 'the namespace of the bridge, in place of that of the context'),
  );

/** Of those that change a bridge, and wait until it is so. */
export const withWaitOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--timeout <duration>', 'how long to wait, such as 90s')
        .argParser(parseDuration)
        .default(300_000, '5m'),
    )
    .option('--no-wait', 'end at once, while the operator works');
