/** `mkb schema`: the JSON Schema of the document, for editors and CI. */
import { Command } from 'commander';
import { documentJsonSchema } from '../api/json-schema.ts';

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
      process.stdout.write(`${JSON.stringify(documentJsonSchema(), null, 2)}\n`);
    });
