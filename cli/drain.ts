/** `mkb drain`: delivers what waits in the MQTT session of a replica that does not come back, and ends the session. */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { durationMs } from '../api/units.ts';
import { type Drain, type DrainReport, prepareDrain } from '../bridge/drain.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { type LogOptions, openLog } from './open-log.ts';
import { printError, printProblems } from './output.ts';
import { StopSignal } from './signals.ts';

export interface DrainCommandOptions extends LogOptions {
  readonly ordinal?: number;
  readonly secretsDir: string;
  readonly timeout: string;
  readonly keepSession?: boolean;
  /** False with `--no-buffer`. */
  readonly buffer: boolean;
}

export const drain = async (file: string, options: DrainCommandOptions): Promise<number> => {
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

const prepare = async (document: MqttKafkaBridge, options: DrainCommandOptions): Promise<Drain | undefined> => {
  const { secretsDir, ordinal, keepSession = false, buffer } = options;
  const log = openLog(options);
  try {
    const settings = { secrets: { secretsDir }, log, keepSession, buffer, ...(ordinal !== undefined && { ordinal }) };
    return await prepareDrain(document, settings);
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
