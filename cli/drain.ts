/** `mkb drain`: delivers what waits in the MQTT session of a replica that does not come back, and ends the session. */
import { Command, Option } from 'commander';
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { durationMs } from '../api/units.ts';
import { type Drain, type DrainReport, prepareDrain } from '../bridge/drain.ts';
import { createLog } from '../bridge/observe/log.ts';
import { loadChecked } from './documents.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printError, printProblems } from './output.ts';
import { checkDuration, logLevelOption, ordinalOption, secretsDirOption } from './process-options.ts';
import { StopSignal } from './signals.ts';

interface DrainCommandOptions {
  readonly ordinal?: number;
  readonly secretsDir: string;
  readonly logLevel: string;
  readonly timeout: string;
  readonly keepSession?: boolean;
  /** False with `--no-buffer`. */
  readonly buffer: boolean;
}

const help = `
A bridge's MQTT session outlives it, and the broker keeps messages there for it to come back. Run this when it does not: after the last of
several replicas was taken away, or before the bridge itself is given up. It connects as that replica, delivers everything that waits to
Kafka, by the rules of the document, gives up the subscriptions, and ends the session. Stop the replica first: two clients
cannot have one session.

With delivery.buffer.mode: disk, what waits in the folder of that replica is delivered as well, whether or not the broker has a session. With
--no-buffer the folder is left alone: for a drain that has not got the disk.

Prints one line on stdout when the session is ended, or when there was none; logs are JSON lines on stderr. It waits for brokers that are
away, until the timeout. SIGTERM or Ctrl-C: delivers and acknowledges what was read, and ends. Whatever ends it early, kill -9
included, the session is kept with what is left, and the command can be run again.

With --keep-session it ends when nothing waits any more, and the session stays subscribed: for a broker that is about to be stopped.

Examples:
  mkb drain bridge.yaml                   a bridge without spec.mqtt.share
  mkb drain bridge.yaml --ordinal 2       the third of three replicas
${exitCodeHelp(
  [exitCodes.ok, 'the session is drained and ended, or there was none'],
  [exitCodes.failed, 'it is not drained: the timeout passed, it was stopped, or an error came that no retry fixes'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'the document, or a secret it names, is wrong'],
)}`;

export const drainCommand = (): Command =>
  new Command('drain')
    .description('empty the MQTT session of a replica that does not come back, and end it')
    .argument('<file>', 'a file with one document, or - for standard input')
    .addOption(ordinalOption('which replica it was, from 0; needed if the document has spec.mqtt.share'))
    .addOption(secretsDirOption())
    .addOption(logLevelOption())
    .addOption(
      new Option('--timeout <duration>', 'how long it may take, such as 90s').argParser(checkDuration).default('10m'),
    )
    .option('--keep-session', 'deliver what waits, and leave the session as it is')
    .option('--no-buffer', 'leave the buffer on disk alone; messages wait in memory')
    .addHelpText('after', help)
    .action(async (file: string, options: DrainCommandOptions) => {
      process.exitCode = await drain(file, options);
    });

const drain = async (file: string, options: DrainCommandOptions): Promise<number> => {
  const document = await load(file);
  if (document === undefined) return exitCodes.configuration;
  if (document.spec.mqtt.share !== undefined && options.ordinal === undefined) {
    printError(new MkbError('drain-ordinal-missing', { share: document.spec.mqtt.share }));
    return exitCodes.usage;
  }
  const prepared = await prepare(document, options);
  if (prepared === undefined) return exitCodes.configuration;
  const signal = new StopSignal({ outlivesOutput: true });
  try {
    const report = await prepared.run(breakOff(options.timeout, signal));
    process.stdout.write(`${tell(prepared.clientId, report, options)}\n`);
    return exitCodes.ok;
  } finally {
    signal.end();
  }
};

const load = async (file: string): Promise<MqttKafkaBridge | undefined> => {
  const { documents, problems } = await loadChecked([file]);
  printProblems(problems);
  if (hasErrors(problems)) return undefined;
  if (documents.length === 1) return documents[0]!.document;
  printError(new MkbError('document-unreadable', { file, reason: 'it holds several documents, and a drain has one' }));
  return undefined;
};

const prepare = async (
  document: MqttKafkaBridge,
  { secretsDir, logLevel, ordinal, keepSession = false, buffer }: DrainCommandOptions,
): Promise<Drain | undefined> => {
  const log = createLog(logLevel);
  try {
    const options = { secrets: { secretsDir }, log, keepSession, buffer, ...(ordinal !== undefined && { ordinal }) };
    return await prepareDrain(document, options);
  } catch (error) {
    printError(error);
    return undefined;
  }
};

/** Comes when the time has passed, or with the first signal to stop. */
const breakOff = (timeout: string, signal: StopSignal): AbortSignal => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(`the timeout of ${timeout} has passed`), durationMs(timeout)).unref();
  void signal.came.then(() => controller.abort('it was stopped'));
  return controller.signal;
};

const tell = (
  clientId: string,
  { sessionPresent, messages }: DrainReport,
  { keepSession = false }: DrainCommandOptions,
): string => {
  const all = [...messages.values()].reduce((sum, count) => sum + count, 0);
  if (!sessionPresent && all === 0) return `Nothing to drain: the MQTT broker has no session of ${clientId}.`;
  const outcomes = [...messages].map(([outcome, count]) => `${count} ${outcome.replaceAll('_', ' ')}`).join(', ');
  const count = `${all} ${all === 1 ? 'message' : 'messages'}${outcomes && ` (${outcomes})`}`;
  if (!sessionPresent) return `Drained ${clientId}: ${count}. The MQTT broker had no session of it.`;
  return `Drained ${clientId}: ${count}. Its session is ${keepSession ? 'kept' : 'ended'}.`;
};
