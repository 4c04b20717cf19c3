/** `mkb verify`: whether the MQTT server and the Kafka of a document lose messages that they have acknowledged. */
import { randomBytes } from 'node:crypto';
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { createLog } from '../bridge/observe/log.ts';
import { runTrial, type TrialResult } from '../bridge/verify/trial.ts';
import { loadChecked } from './documents.ts';
import { exitCodes } from './exit-codes.ts';
import { printError, printProblems } from './output.ts';
import { StopSignal } from './signals.ts';
import { type FaultMode, type FaultOptions, faultsOf } from './verify-faults.ts';
import { isGood, reportOf, reportText } from './verify-report.ts';

export interface VerifyOptions extends Omit<FaultOptions, 'faults'> {
  /** `ask` on a terminal and `bridge` elsewhere, unless it is given. */
  readonly faults?: FaultMode;
  readonly duration: number;
  readonly rate: number;
  readonly away: number;
  readonly patience: number;
  readonly prefix: string;
  readonly payloadBytes: number;
  readonly secretsDir: string;
  readonly json?: true;
}

/** How long nothing may come at the end, milliseconds: all is connected again by then. */
const longestQuietMs = 20_000;
/** So that what is kept of each message has room in memory. */
const mostMessages = 2_000_000;

/** Returns the exit code. */
export const verify = async (file: string, options: VerifyOptions): Promise<number> => {
  const { documents, problems } = await loadChecked([file]);
  printProblems(problems);
  if (hasErrors(problems)) return exitCodes.configuration;
  const wrong = wrongOptions(options, documents.length, file);
  if (wrong !== undefined) {
    printError(wrong);
    return exitCodes.usage;
  }
  const signal = new StopSignal();
  try {
    return await judged(documents[0]!.document, options, signal.stopping);
  } catch (error) {
    if (signal.stopping.aborted) {
      process.stderr.write('Stopped. Nothing was found out.\n');
      return exitCodes.interrupted;
    }
    printError(error);
    return MkbError.is(error, 'verify-no-broker') ? exitCodes.configuration : exitCodes.unavailable;
  } finally {
    signal.end();
  }
};

async function judged(document: MqttKafkaBridge, options: VerifyOptions, signal: AbortSignal): Promise<number> {
  const left: MkbError[] = [];
  const result = await trial(document, options, signal, left).finally(() => left.forEach(printError));
  const report = reportOf(result);
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return isGood(report) ? exitCodes.ok : exitCodes.failed;
}

const trial = (
  document: MqttKafkaBridge,
  options: VerifyOptions,
  signal: AbortSignal,
  left: MkbError[],
): Promise<TrialResult> => {
  const { faults = process.stdin.isTTY ? 'ask' : 'bridge', secretsDir, prefix, rate, payloadBytes } = options;
  return runTrial(
    document,
    {
      ...{ secrets: { secretsDir }, log: createLog('silent'), ordinal: 0, signal },
      run: `${prefix}-${randomBytes(4).toString('hex')}`,
      ...{ messagesPerSecond: rate, payloadBytes, awayMs: options.away, patienceMs: options.patience },
      quietMs: Math.min(options.patience, longestQuietMs),
      durationMs: options.duration,
      faults: faultsOf({ ...options, faults }),
      say: text => process.stderr.write(`${text}\n`),
    },
    error => left.push(error),
  );
};

function wrongOptions(options: VerifyOptions, documents: number, file: string): MkbError | undefined {
  const { duration, rate, faults, mqttTargets, kafkaTargets } = options;
  const invalid = (option: string, found: string, allowed: string) =>
    new MkbError('option-invalid', { option, found, allowed });
  if (documents !== 1)
    return new MkbError('document-unreadable', { file, reason: 'it holds several documents, and a trial has one' });
  if ((rate * duration) / 1000 > mostMessages)
    return invalid('--rate', String(rate), `one that makes at most ${mostMessages} messages in --duration`);
  const names = [...mqttTargets, ...kafkaTargets];
  const needsNames = faults === 'compose' || faults === 'kubernetes';
  if (needsNames && names.length === 0)
    return invalid('--faults', faults, 'complete without a name to restart (--mqtt, --kafka)');
  if (!needsNames && names.length > 0)
    return invalid('--mqtt or --kafka', names.join(', '), 'of use without --faults compose or kubernetes');
  return undefined;
}
