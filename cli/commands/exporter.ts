/** The command line of `mkb exporter`. */
import { Command } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { ExporterCommandOptions } from '../exporter.ts';
import { httpOption, logFormatOption, logLevelOption, secretsDirOption } from './process-options.ts';

const help = `
Asks each target of the document again and again, and prints the last answers at /metrics; a target that is down has an up of 0 there.
docs/reference/exporter-metrics.md has every metric. Besides there are /healthz (the process is alive) and /readyz (every target was asked
once). Prints one line on stdout when it listens; logs are on stderr: text on a terminal, JSON lines otherwise. SIGTERM or Ctrl-C ends it.

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
    .argument('<file>', 'a document of the kind MqttKafkaExporter, or - for standard input')
    .addOption(httpOption(9401))
    .addOption(secretsDirOption())
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .option('--check', 'check the document, and connect nowhere')
    .addHelpText('after', help)
    .action(async (file: string, options: ExporterCommandOptions) => {
      const { exporter } = await import('../exporter.ts');
      process.exitCode = await exporter(file, options);
    });
