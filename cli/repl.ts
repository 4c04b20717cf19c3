/** `mkb repl`: try rules and expressions one after the other. The conversation itself is in repl-session.ts. */
import { createInterface, type Interface } from 'node:readline';
import { type MessageOptions, messageFacts } from './commands/message-options.ts';
import { worldOfFile } from './document-world.ts';
import { exitCodes } from './exit-codes.ts';
import { historyFile, readHistory, writeHistory } from './repl-history.ts';
import { ReplSession } from './repl-session.ts';

export interface ReplOptions extends MessageOptions {
  readonly topic: string;
  readonly payload: string;
  readonly document?: string;
}

/** Returns the exit code. */
export const repl = async ({ topic, payload, document, ...options }: ReplOptions): Promise<number> => {
  const world = await worldOfFile(document);
  if (world === undefined) return exitCodes.configuration;
  await converse(new ReplSession({ ...messageFacts(options), topic, payload }, world));
  return exitCodes.ok;
};

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
