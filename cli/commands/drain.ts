/** The command line of `mkb drain`. */
import { Command, Option } from 'commander';
import type { DrainCommandOptions } from '../drain.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import { checkDuration, logFormatOption, logLevelOption, ordinalOption, secretsDirOption } from './process-options.ts';

const help = `
A bridge's MQTT session outlives it, and the broker keeps messages there for it to come back. Run this when it does not: after the last of
several replicas was taken away, or before the bridge itself is given up. It connects as that replica, delivers everything that waits to
Kafka, by the rules of the document, gives up the subscriptions, and ends the session. Stop the replica first: two clients
cannot have one session.

With delivery.buffer.mode: disk, what waits in the folder of that replica is delivered as well, whether or not the broker has a session. With
--no-buffer the folder is left alone: for a drain that has not got the disk.

Prints one line on stdout when the session is ended, or when there was none; logs are on stderr: text on a terminal, JSON lines otherwise. It waits for brokers that are
away, until the timeout. SIGTERM or Ctrl-C: delivers and acknowledges what was read, and ends. Whatever ends it early, kill -9
included, the session is kept with what is left, and the command can be run again.

With --keep-session it ends when nothing waits any more, and the session stays subscribed: for a broker that is about to be stopped.

Examples:
  mkb drain bridge.yaml                   a bridge without spec.mqtt.share
  mkb drain bridge.yaml --ordinal 2       the third of three replicas
${exitCodeHelp(
  [exitCodes.ok, 'the session is drained and ended, or there was none'],
  [exitCodes.failed, 'it is not drained: the timeout passed, it was stopped, or an error came that no retry fixes'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'the document, or a secret it names, is wrong'],
)}`;

export const drainCommand = (): Command =>
  new Command('drain')
    .argument('<file>', 'a file with one document, or - for standard input')
    .addOption(ordinalOption('which replica it was, from 0; needed if the document has spec.mqtt.share'))
    .addOption(secretsDirOption())
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(
      new Option('--timeout <duration>', 'how long it may take, such as 90s').argParser(checkDuration).default('10m'),
    )
    .option('--keep-session', 'deliver what waits, and leave the session as it is')
    .option('--no-buffer', 'leave the buffer on disk alone; messages wait in memory')
    .addHelpText('after', help)
    .action(async (file: string, options: DrainCommandOptions) => {
      const { drain } = await import('../drain.ts');
      process.exitCode = await drain(file, options);
    });
