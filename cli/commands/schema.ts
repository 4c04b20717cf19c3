/** The command line of `mkb schema`. */
import { Argument, Command } from 'commander';
import type { SchemaKind } from '../schema.ts';

const kinds: readonly [SchemaKind, SchemaKind] = ['MqttKafkaBridge', 'MqttUser'];

const help = `
Examples:
  mkb schema > mqtt-kafka-bridge.schema.json
  mkb schema MqttUser > mqtt-user.schema.json
  and in the first line of a document, for editors with the YAML language server:
  # yaml-language-server: $schema=./mqtt-kafka-bridge.schema.json`;

export const schemaCommand = (): Command =>
  new Command('schema')
    .addArgument(new Argument('[kind]', 'the kind of the document').choices(kinds).default(kinds[0]))
    .addHelpText('after', help)
    .action(async (wanted: SchemaKind) => {
      const { printSchema } = await import('../schema.ts');
      printSchema(wanted);
    });
