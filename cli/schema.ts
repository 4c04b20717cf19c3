/** `mkb schema`: the JSON Schema of the document, for editors and CI; editors complete fields, and functions of rules, from it. */
import { Command } from 'commander';
import { editorSchema } from '../rules/editor-schema.ts';

const help = `
Examples:
  mkb schema > mqtt-kafka-bridge.schema.json
  and in the first line of a document, for editors with the YAML language server:
  # yaml-language-server: $schema=./mqtt-kafka-bridge.schema.json`;

export const schemaCommand = (): Command =>
  new Command('schema')
    .description('print the JSON Schema of the document')
    .addHelpText('after', help)
    .action(() => {
      process.stdout.write(`${JSON.stringify(editorSchema(), null, 2)}\n`);
    });
