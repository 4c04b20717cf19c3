/** `mkb exporter`: shows Prometheus what MQTT brokers and Kafka clusters do, until it is told to stop. */
import { setFlagsFromString } from 'node:v8';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { serveHttp } from '../bridge/observe/http.ts';
import { ErrorLog } from '../bridge/observe/log.ts';
import { loadExporter } from '../exporter/config/load.ts';
import type { ExporterDocument } from '../exporter/config/schema.ts';
import { type Exporter, prepareExporter } from '../exporter/exporter.ts';
import type { Address } from './address.ts';
import { exitCodes } from './exit-codes.ts';
import { type LogOptions, openLog } from './open-log.ts';
import { printError, printProblems } from './output.ts';
import { StopSignal } from './signals.ts';

export interface ExporterCommandOptions extends LogOptions {
  readonly http: Address;
  readonly secretsDir: string;
  readonly check?: boolean;
}

/** A target that hangs is not waited for longer, milliseconds. */
const stopLimitMs = 5000;

export const exporter = async (file: string, options: ExporterCommandOptions): Promise<number> => {
  // It works for a moment now and then, and Node would keep what a round leaves behind: half a gigabyte of 10,000 topics, rather than 140 MB.
  setFlagsFromString('--optimize-for-size');
  const { document, problems } = await loadExporter(file);
  printProblems(problems);
  if (document === undefined || hasErrors(problems)) return exitCodes.configuration;
  if (options.check) {
    process.stdout.write(`${file} is valid\n`);
    return exitCodes.ok;
  }
  const prepared = await prepare(document, options);
  if (prepared === undefined) return exitCodes.configuration;
  const http = await serveHttp(options.http, prepared.registry, () => [
    { name: 'exporter', missing: prepared.missing },
  ]);
  const signal = new StopSignal({ outlivesOutput: true });
  prepared.start();
  process.stdout.write(`Exporter: ${http.url}/metrics\n`);
  await signal.came;
  await signal.within(stopLimitMs, prepared.stop());
  await http.close();
  signal.end();
  return exitCodes.ok;
};

const prepare = async (document: ExporterDocument, options: ExporterCommandOptions): Promise<Exporter | undefined> => {
  const errors = new ErrorLog(openLog(options));
  try {
    return await prepareExporter(document, {
      secrets: { secretsDir: options.secretsDir },
      report: (error, context) => errors.report('warn', error, context),
    });
  } catch (error) {
    if (!MkbError.is(error, 'secret-unreadable')) throw error;
    printError(error);
    return undefined;
  }
};
