/** `mkb repl`: try rules and expressions one after the other. The conversation itself is in repl-session.ts. */
import { createInterface, type Interface } from 'node:readline';
import { Command, Option } from 'commander';
import { documentFlags, documentHelp, schemasOfFile } from './document-schemas.ts';
import { parseTopic } from './eval-options.ts';
import { exitCodes } from './exit-codes.ts';
import { addMessageOptions, type MessageOptions, messageFacts } from './message-options.ts';
import { historyFile, readHistory, writeHistory } from './repl-history.ts';
import { ReplSession } from './repl-session.ts';

const help = `
Examples:
  mkb repl
  mkb repl --topic cars/7 --payload '{"speed": 50}'
  mkb repl --topic ask/1 --content-type application/json --response-topic answers/7
  mkb repl --topic '$kafka/commands' --key car-1 --header source=app
  mkb repl --document bridge.yaml          with the schemas of a document
  echo "upper('a')" | mkb repl

Arrow keys bring back earlier lines, Tab completes names, .help lists the rest.`;

interface ReplOptions extends MessageOptions {
  readonly topic: string;
  readonly payload: string;
  readonly document?: string;
}

const withPayload = (command: Command): Command =>
  command
    .addOption(new Option('-t, --topic <topic>', 'the topic of the message').argParser(parseTopic).default('cars/7'))
    .option('-p, --payload <text>', 'the payload as text', '{"speed": 50}');

export const replCommand = (): Command =>
  addMessageOptions(withPayload(new Command('repl')))
    .description('try rules and expressions on a message, one after the other')
    .option(documentFlags, documentHelp)
    .addHelpText('after', help)
    .action(async ({ topic, payload, document, ...options }: ReplOptions) => {
      const schemas = await schemasOfFile(document);
      if (schemas === undefined) process.exitCode = exitCodes.configuration;
      else await converse(new ReplSession({ ...messageFacts(options), topic, payload }, { schemas }));
    });

const converse = async (session: ReplSession): Promise<void> => {
  const file = historyFile();
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    history: readHistory(file),
    completer: (line: string) => session.complete(line),
  });
  lines.on('history', history => writeHistory(file, history));
  if (process.stdin.isTTY)
    process.stdout.write('Enter a rule or an expression; .message shows what it gets, .help the rest.\n');
  ask(lines, session);
  for await (const line of lines) {
    process.stdout.write(await session.line(line));
    if (session.ended) break;
    ask(lines, session);
  }
  process.stdout.write(session.end());
  lines.close();
};

/** A script that is piped in gets answers only. */
const ask = (lines: Interface, session: ReplSession): void => {
  if (!process.stdin.isTTY) return;
  lines.setPrompt(session.prompt);
  lines.prompt();
};
