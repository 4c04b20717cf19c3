/** The command line of `mkb doctor`. */
import { Command } from 'commander';
import type { DoctorOptions } from '../doctor.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import { ordinalOption, secretsDirOption } from './process-options.ts';

const help = `
Connects as the bridge would, and prints a line for each thing that it needs: secrets, the folder of the buffer, each MQTT server with the subscriptions, each bootstrap
server and advertised address of Kafka, topics with rights and settings, the consumer group, schema registries. Changes nothing: it makes no topic, joins no group, publishes
nothing, and has a client id of its own, so the bridge may be running. A server that knows clients by their ids must let <clientId>-doctor-... in.

Examples:
  mkb doctor bridge.yaml
  mkb doctor bridge.yaml --json | jq -r '.[] | select(.state != "ok") | .remedy'
${exitCodeHelp(
  [exitCodes.ok, 'nothing failed'],
  [exitCodes.failed, 'something failed'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'the document is wrong'],
)}`;

export const doctorCommand = (): Command =>
  new Command('doctor')
    .argument('<file...>', 'files, folders, or - for standard input')
    .option('--json', 'print JSON for programs')
    .addOption(secretsDirOption())
    .addOption(ordinalOption('which replica of a shared subscription it looks as, from 0').default(0))
    .addHelpText('after', help)
    .action(async (files: string[], options: DoctorOptions) => {
      const { doctor } = await import('../doctor.ts');
      process.exitCode = await doctor(files, options);
    });
