/** `mkb schema`: the JSON Schema of the document, for editors and CI; editors complete fields, and functions of rules, from it. */
import { Argument, Command } from 'commander';
import { kind } from '../api/bridge.ts';
import { userJsonSchema } from '../api/json-schema.ts';
import { userKind } from '../api/mqtt-user.ts';
import { editorSchema } from '../rules/editor-schema.ts';

const help = `
Examples:
  mkb schema > mqtt-kafka-bridge.schema.json
  mkb schema MqttUser > mqtt-user.schema.json
  and in the first line of a document, for editors with the YAML language server:
  # yaml-language-server: $schema=./mqtt-kafka-bridge.schema.json`;

export const schemaCommand = (): Command =>
  new Command('schema')
    .description('print the JSON Schema of the document')
    .addArgument(new Argument('[kind]', 'the kind of the document').choices([kind, userKind]).default(kind))
    .addHelpText('after', help)
    .action((wanted: string) => {
      const schema = wanted === userKind ? userJsonSchema() : editorSchema();
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
