/** `mkb exporter`: shows Prometheus what MQTT brokers and Kafka clusters do, until it is told to stop. */
import { setFlagsFromString } from 'node:v8';
import { Command, InvalidArgumentError, Option } from 'commander';
import { MkbError } from '../api/errors.ts';
import { hasErrors } from '../api/problems.ts';
import { serveHttp } from '../bridge/observe/http.ts';
import { createLog, ErrorLog } from '../bridge/observe/log.ts';
import { loadExporter } from '../exporter/config/load.ts';
import type { ExporterDocument } from '../exporter/config/schema.ts';
import { type Exporter, prepareExporter } from '../exporter/exporter.ts';
import { type Address, parseAddress } from './address.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { printError, printProblems } from './output.ts';
import { logLevelOption, secretsDirOption } from './process-options.ts';
import { StopSignal } from './signals.ts';

interface ExporterCommandOptions {
  readonly http: Address;
  readonly secretsDir: string;
  readonly logLevel: string;
  readonly check?: boolean;
}

const help = `
Asks each target of the document again and again, and prints the last answers at /metrics; a target that is down has an up of 0 there.
docs/reference/exporter-metrics.md has every metric. Besides there are /healthz (the process is alive) and /readyz (every target was asked
once). Prints one line on stdout when it listens; logs are JSON lines on stderr. SIGTERM or Ctrl-C ends it.

Examples:
  mkb exporter exporter.yaml
  mkb exporter exporter.yaml --http 0.0.0.0:9401 --log-level warn
  mkb exporter exporter.yaml --check
${exitCodeHelp(
  [exitCodes.ok, 'stopped as asked, or with --check that the document is valid'],
  [exitCodes.failed, 'it cannot listen'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'the document, or a secret it names, is wrong'],
)}`;

export const exporterCommand = (): Command =>
  new Command('exporter')
    .description('show Prometheus what MQTT brokers and Kafka clusters do')
    .argument('<file>', 'a document of the kind MqttKafkaExporter, or - for standard input')
    .addOption(
      new Option('--http <host:port>', 'where to serve metrics and health; port 0 takes a free one')
        .argParser(httpAddress)
        .default({ host: '127.0.0.1', port: 9401 }, '127.0.0.1:9401'),
    )
    .addOption(secretsDirOption())
    .addOption(logLevelOption())
    .option('--check', 'check the document, and connect nowhere')
    .addHelpText('after', help)
    .action(async (file: string, options: ExporterCommandOptions) => {
      process.exitCode = await exporter(file, options);
    });

/** A target that hangs is not waited for longer, milliseconds. */
const stopLimitMs = 5000;

const httpAddress = (text: string): Address => {
  const address = parseAddress(text);
  if (address === undefined) throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:9401.');
  return address;
};

const exporter = async (file: string, options: ExporterCommandOptions): Promise<number> => {
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

const prepare = async (
  document: ExporterDocument,
  { secretsDir, logLevel }: ExporterCommandOptions,
): Promise<Exporter | undefined> => {
  const errors = new ErrorLog(createLog(logLevel));
  try {
    return await prepareExporter(document, {
      secrets: { secretsDir },
      report: (error, context) => errors.report('warn', error, context),
    });
  } catch (error) {
    if (!MkbError.is(error, 'secret-unreadable')) throw error;
    printError(error);
    return undefined;
  }
};
