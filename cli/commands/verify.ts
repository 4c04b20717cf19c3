/** The command line of `mkb verify`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { VerifyOptions } from '../verify.ts';
import { withKubeConfigOptions } from './kube-config-options.ts';
import { parseDuration, secretsDirOption } from './process-options.ts';

const help = `
Publishes numbered messages to the MQTT server of the document, carries them to its Kafka by a bridge of its own, reads them back, and breaks things meanwhile. The
report says what was sent, acknowledged, lost, doubled and reordered, how long messages took, and which setting is at fault.

The bridge is killed and stays away for --away in any case: what comes meanwhile has to wait in the MQTT server. On a terminal it then asks you to restart
the MQTT server and a broker of Kafka. --faults compose runs docker compose restart, --faults kubernetes kubectl delete pod, for each name that is
given with --mqtt and --kafka; with --kill they get no time to write what they have. Messages for others are disturbed as by any restart.

Everything that it makes is called PREFIX-<random>: client ids, MQTT topics below it, a Kafka topic with the settings of one that the document writes. All of it
is removed at the end, and after Ctrl-C too. The user needs the right to create and to delete that topic.

Examples:
  mkb verify bridge.yaml
  mkb verify bridge.yaml --faults bridge --away 5m --duration 10m --rate 500
  mkb verify bridge.yaml --faults compose --mqtt mosquitto --kafka kafka-1,kafka-2 --kill
  mkb verify bridge.yaml --faults kubernetes --namespace brokers --mqtt mosquitto-0 --kafka kafka-0 --json
${exitCodeHelp(
  [exitCodes.ok, 'all that was acknowledged is in Kafka, in its order'],
  [exitCodes.failed, 'something was lost, or came out of its order'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unavailable, 'it could not be tried'],
  [exitCodes.configuration, 'the document is wrong'],
  [exitCodes.interrupted, 'it was stopped'],
)}`;

export const verifyCommand = (): Command =>
  withKubeConfigOptions(
    new Command('verify')
      .argument('<file>', 'a file, or - for standard input')
      .addOption(
        new Option('--faults <how>', 'what breaks; ask on a terminal, and bridge elsewhere').choices([
          'bridge',
          'ask',
          'compose',
          'kubernetes',
        ]),
      )
      .option('--mqtt <names>', 'services or Pods of the MQTT server, with commas between', list, [])
      .option('--kafka <names>', 'services or Pods of Kafka, with commas between', list, [])
      .option('--kill', 'kill them, in place of a restart in order')
      .option('--compose-file <file>', 'the file for docker compose')
      .option('-n, --namespace <name>', 'the namespace of the Pods'),
  )
    .addOption(duration('--duration <time>', 'how long to publish', '1m'))
    .addOption(duration('--away <time>', 'how long the bridge stays away', '15s'))
    .addOption(duration('--patience <time>', 'how long messages may take to flow again after a fault', '1m'))
    .option('--rate <number>', 'messages a second', whole(1, 20_000), 200)
    .option('--payload-bytes <number>', 'bytes of a payload', whole(80, 100_000), 285)
    .option('--prefix <text>', 'how the names of all that it makes begin', prefix, 'mkb-verify')
    .option('--json', 'print JSON for programs')
    .addOption(secretsDirOption())
    .addHelpText('after', help)
    .action(async (file: string, { mqtt, kafka, ...options }: Given) => {
      const { verify } = await import('../verify.ts');
      process.exitCode = await verify(file, { ...options, mqttTargets: mqtt, kafkaTargets: kafka });
    });

type Given = Omit<VerifyOptions, 'mqttTargets' | 'kafkaTargets'> & {
  readonly mqtt: readonly string[];
  readonly kafka: readonly string[];
};

const duration = (flags: string, description: string, usual: string): Option =>
  new Option(flags, description).argParser(parseDuration).default(parseDuration(usual), usual);

const list = (text: string): string[] => text.split(',').filter(name => name !== '');

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^[0-9]{1,9}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is not a whole number from ${least} to ${most}.`);
  };

/** It is part of topics of both sides and of client ids. */
function prefix(text: string): string {
  if (/^[A-Za-z0-9_-]{1,60}$/.test(text)) return text;
  throw new InvalidArgumentError('Write up to 60 letters, digits, - and _.');
}
