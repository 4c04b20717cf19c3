#!/usr/bin/env node
/**
 * The command line. Each command is a file of its own, and is loaded only when it is asked for: `mkb eval` starts in a moment although
 * `mkb run` brings Kafka, MQTT and metrics with it. For help, and for names that are mistyped, all of them are loaded.
 */
import { basename } from 'node:path';
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { exitCodes } from './exit-codes.ts';
import { printError } from './output.ts';
import { endBySignals, StopSignal } from './signals.ts';

/** In the order of --help. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand(),
  drain: async () => (await import('./drain.ts')).drainCommand(),
  validate: async () => (await import('./validate.ts')).validateCommand(),
  eval: async () => (await import('./eval.ts')).evalCommand(),
  repl: async () => (await import('./repl.ts')).replCommand(),
  test: async () => (await import('./test.ts')).testCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  functions: async () => (await import('./functions.ts')).functionsCommand(),
  buffer: async () => (await import('./buffer.ts')).bufferCommand(),
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  passwd: async () => (await import('./passwd.ts')).passwdCommand(),
  schema: async () => (await import('./schema.ts')).schemaCommand(),
  config: async () => (await import('./config.ts')).configCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  exporter: async () => (await import('./exporter.ts')).exporterCommand(),
  operator: async () => (await import('./operator.ts')).operatorCommand(),
  render: async () => (await import('./render.ts')).renderCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
};

const help = `
Examples:
  mkb validate bridge.yaml
  mkb run bridge.yaml
  mkb eval 'SELECT payload.speed FROM "cars/{vin}"' --topic cars/7 --payload '{"speed": 50}'

mkb COMMAND --help explains a command.`;

/** Kubectl runs a program that is called kubectl-mkb for `kubectl mkb`, and its users know it by that. */
const calledAs = basename(process.argv[1] ?? '').startsWith('kubectl-mkb') ? 'kubectl mkb' : 'mkb';

const program = async (wanted: string | undefined): Promise<Command> => {
  const mkb = new Command(calledAs)
    .description(packageJson.description)
    .version(packageJson.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', help)
    .exitOverride();
  const load = wanted === undefined ? undefined : commands[wanted];
  const loaded = await Promise.all(load ? [load()] : Object.values(commands).map(each => each()));
  for (const command of loaded) mkb.addCommand(inherit(command, mkb));
  return mkb;
};

/** Commander hands settings down only to commands that it makes itself. */
const inherit = (command: Command, parent: Command): Command => {
  command.copyInheritedSettings(parent);
  for (const inner of command.commands) inherit(inner, command);
  return command;
};

const main = async (args: readonly string[]): Promise<void> => {
  const wanted = args.find(arg => !arg.startsWith('-'));
  const mkb = await program(wanted !== undefined && Object.hasOwn(commands, wanted) ? wanted : undefined);
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
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  else {
    printError(error);
    process.exitCode = exitCodes.failed;
  }
}
