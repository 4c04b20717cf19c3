/** The command line of `mkb pause`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { PauseOptions } from '../pause.ts';
import { withBridgeArgument, withWaitOptions } from './cluster-options.ts';

const help = `
Stops a bridge so that nothing is lost: its Pods deliver and acknowledge what they have read, and end. Meanwhile the MQTT broker keeps what is published with QoS 1
and 2, for mqtt.sessionExpiry and as far as its own limits go; records of Kafka wait at the offset of the consumer group. Clients of mqtt.listen cannot connect.

It sets bridge.replicas to 0 and notes how many there were. A tool that keeps the document as it is in Git undoes that: pause it there. A bridge whose session ends with
its connection (sessionExpiry: 0s) is refused, as its broker would keep nothing.

Examples:
  mkb pause my-vehicles
  mkb resume my-vehicles
${exitCodeHelp(
  [exitCodes.ok, 'it is paused; with --no-wait, it is being paused'],
  [exitCodes.failed, 'there is no such bridge, the broker would keep nothing, or the time is over'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'the cluster does not answer'],
  [exitCodes.configuration, 'the kubeconfig is wrong, or there is none'],
)}`;

export const pauseCommand = (): Command =>
  withWaitOptions(withBridgeArgument(new Command('pause')))
    .option('--force', 'also where messages are lost that are published meanwhile')
    .addHelpText('after', help)
    .action(async (name: string, options: PauseOptions) => {
      const { pause } = await import('../pause.ts');
      process.exitCode = await pause(name, options);
    });
