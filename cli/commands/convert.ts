/** The command line of `mkb convert`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';

const help = `
Reads the configuration of another bridge, and prints a document that does the same. Which one it is is seen by the text:
  EMQX                      rules with Kafka actions: data/configs/cluster.hocon, or JSON of its REST interface, such as
                            {"rules": [...], "actions": [...], "connectors": [...]}
  Kafka Connect             a connector for MQTT of Confluent, Lenses (with KCQL) or Camel, source or sink, as JSON
  Redpanda Connect, Bento   a stream between mqtt and Kafka, as YAML
  Telegraf                  inputs.mqtt_consumer with outputs.kafka, as TOML

What cannot be carried over, and what is a guess, stands as comments before the document and is a warning. Passwords are left out: the
document names variables of the environment. docs/migration.md compares setting by setting.

Examples:
  mkb convert telegraf.conf > bridge.yaml
  mkb convert cluster.hocon > bridge.yaml && mkb validate bridge.yaml
  curl -s localhost:8083/connectors/mqtt-source | mkb convert - > bridge.yaml
${exitCodeHelp(
  [exitCodes.ok, 'printed, with or without warnings'],
  [exitCodes.configuration, 'the file cannot be read, or is of no bridge that is known'],
)}`;

export const convertCommand = (): Command =>
  new Command('convert')
    .argument('<file>', 'the configuration of another bridge, - for standard input')
    .addHelpText('after', help)
    .action(async (file: string) => {
      const { convertFile } = await import('../convert.ts');
      process.exitCode = await convertFile(file);
    });
