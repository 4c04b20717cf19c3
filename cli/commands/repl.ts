/** The command line of `mkb repl`. */
import { Command, Option } from 'commander';
import type { ReplOptions } from '../repl.ts';
import { documentOption } from './document-option.ts';
import { addMessageOptions } from './message-options.ts';
import { parseTopic } from './message-values.ts';

const help = `
Examples:
  mkb repl
  mkb repl --topic cars/7 --payload '{"speed": 50}'
  mkb repl --topic ask/1 --content-type application/json --response-topic answers/7
  mkb repl --topic '$kafka/commands' --key car-1 --header source=app
  mkb repl --document bridge.yaml          with the schemas and tables of a document
  echo "upper('a')" | mkb repl

Arrow keys bring back earlier lines, Tab completes names, .help lists the rest.`;

const withPayload = (command: Command): Command =>
  command
    .addOption(new Option('-t, --topic <topic>', 'the topic of the message').argParser(parseTopic).default('cars/7'))
    .option('-p, --payload <text>', 'the payload as text', '{"speed": 50}');

export const replCommand = (): Command =>
  addMessageOptions(withPayload(new Command('repl')))
    .addOption(documentOption())
    .addHelpText('after', help)
    .action(async (options: ReplOptions) => {
      const { repl } = await import('../repl.ts');
      process.exitCode = await repl(options);
    });
