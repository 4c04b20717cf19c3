/** The command line of `mkb init`. */
import { Command, InvalidArgumentError } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { InitOptions } from '../init.ts';
import { secretsDirOption } from './process-options.ts';

const help = `
Asks what it needs on a terminal; elsewhere, and with --yes, what is not said is as in the examples. With --look it connects to the MQTT server, reads what
is published for some seconds, and proposes a rule for each kind of topic: which levels vary, what the key is, which fields there are. It is a visitor
there, as mkb doctor is: with a client id of its own, and it leaves nothing behind.

Examples:
  mkb init > bridge.yaml
  mkb init --yes --mqtt mqtt://localhost:1883 --from "cars/+/state" --kafka localhost:9092 --to cars --output bridge.yaml
  MQTT_PASSWORD=... mkb init --yes --mqtt mqtts://broker.example.com --username me --from "#" --look 10
${exitCodeHelp(
  [exitCodes.ok, 'the document is printed, or written'],
  [exitCodes.failed, 'the MQTT server does not let us look, or the file is there'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'what was answered makes no document'],
)}`;

export const initCommand = (): Command =>
  new Command('init')
    .option('--name <name>', 'the name of the bridge')
    .option('--mqtt <url>', 'the MQTT server: mqtt://, mqtts://, ws://, wss://')
    .option('--from <filter>', 'the topics to read, with + and #')
    .option('--kafka <servers>', 'bootstrap servers, host:port, with commas between')
    .option('--to <topic>', 'the Kafka topic to write to')
    .option('--username <name>', 'the MQTT user; the password is in the variable MQTT_PASSWORD')
    .option('--look [seconds]', 'look at live messages first, for 5 s or so long', seconds)
    .option('--yes', 'ask nothing')
    .option('--output <file>', 'write a new file, and do not print')
    .addOption(secretsDirOption())
    .addHelpText('after', help)
    .action(async (options: InitOptions) => {
      const { init } = await import('../init.ts');
      process.exitCode = await init(options);
    });

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 600) return value;
  throw new InvalidArgumentError('It is not a number of seconds up to 600.');
}
