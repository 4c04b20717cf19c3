#!/usr/bin/env node
/**
 * The command line. A command is loaded only when it is called (commands/table.ts): --help and --version, and completion in a shell, start in
 * a moment although `mkb run` brings Kafka, MQTT and metrics with it.
 */
import { basename } from 'node:path';
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { commands } from './commands/table.ts';
import { exitCodes } from './exit-codes.ts';
import { endBySignals, StopSignal } from './signals.ts';

const help = `
Examples:
  mkb validate bridge.yaml
  mkb run bridge.yaml
  mkb eval 'SELECT payload.speed FROM "cars/{vin}"' --topic cars/7 --payload '{"speed": 50}'

mkb COMMAND --help explains a command.`;

/** Kubectl runs a program that is called kubectl-mkb for `kubectl mkb`, and its users know it by that. */
const calledAs = basename(process.argv[1] ?? '').startsWith('kubectl-mkb') ? 'kubectl mkb' : 'mkb';

const program = async (called: string | undefined): Promise<Command> => {
  const mkb = new Command(calledAs)
    .description(packageJson.description)
    .version(packageJson.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', help)
    .exitOverride();
  // Completion is made of all of them.
  for (const [name, { description, load }] of Object.entries(commands)) {
    const command = name === called || called === 'completion' ? await load() : new Command(name);
    mkb.addCommand(inherit(command.description(description), mkb));
  }
  return mkb;
};

/** Commander hands settings down only to commands that it makes itself. */
const inherit = (command: Command, parent: Command): Command => {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(inner, command);
  return command;
};

/** Somebody who was asked has pressed Ctrl-C or Ctrl-D. */
const isInterrupted = (error: unknown): boolean =>
  error instanceof Error && error.name === 'AbortError' && error.message.startsWith('Aborted with Ctrl');

const main = async (args: readonly string[]): Promise<void> => {
  const [first, second] = args.filter(arg => !arg.startsWith('-'));
  const mkb = await program(first === 'help' ? second : first);
  if (args.length === 0) mkb.help({ error: true });
  await mkb.parseAsync(args, { from: 'user' });
};

endBySignals();

// `mkb schema | head` ends when head has what it wants; `mkb run | head` goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (StopSignal.outlivesOutput) return;
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});
// Nobody hears of it, and so it must not end what runs.
process.stderr.on('error', () => undefined);

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (isInterrupted(error)) {
    process.stderr.write('\n');
    process.exitCode = exitCodes.interrupted;
  } else if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  else {
    // With the table of errors, which is large.
    const { printError } = await import('./output.ts');
    printError(error);
    process.exitCode = exitCodes.failed;
  }
}
