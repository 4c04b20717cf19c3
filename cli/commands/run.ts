/** The command line of `mkb run`. */
import { Command, Option } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { RunOptions } from '../run.ts';
import { httpOption, logFormatOption, logLevelOption, ordinalOption, secretsDirOption } from './process-options.ts';

const help = `
Prints one line on stdout when every bridge is connected and moves messages; logs are on stderr: text on a terminal, JSON lines otherwise. It waits for brokers that
are down. SIGTERM or Ctrl-C: stops reading, delivers and acknowledges what was read, and ends; a second one ends at once.

SIGHUP reads the documents again, and so does POST /-/reload, or a change of a file with --watch. Rules are exchanged without touching a connection; what needs a
restart is refused by its name, and whatever fails leaves everything as it is. A terminal that is closed ends the bridge in order.

On a terminal each event is one line, with a line of rates below, and at the end there is what became of all messages.

Over HTTP it serves a page for a browser at /: flow, rules, connections, failures, and a place to try rules. It also serves
/metrics for Prometheus, /healthz (the process is alive) and /readyz (the bridges are connected).

Examples:
  mkb run bridge.yaml
  mkb run bridges/ --http 0.0.0.0:9400 --log-level warn
  mkb run bridge.yaml --watch                         changes of bridge.yaml are taken while it runs
  mkb run bridge.yaml --secrets-dir /run/secrets      password of {secretKeyRef: {name: mqtt, key: password}} in /run/secrets/mqtt/password
${exitCodeHelp(
  [exitCodes.ok, 'stopped as asked'],
  [exitCodes.failed, 'an error that no retry fixes'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'a document, or a secret it names, is wrong'],
)}`;

export const runCommand = (): Command =>
  new Command('run')
    .argument('<file...>', 'files, folders, or - for standard input')
    .addOption(httpOption(9400))
    .addOption(secretsDirOption())
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(ordinalOption('which replica of a shared subscription this process is, from 0').default(0))
    .addOption(new Option('--watch', 'reload when a file changes').env('MKB_WATCH'))
    .option(
      '--reload-token-file <file>',
      'a file with the token that lets other machines reload (POST /-/reload) and watch messages (mkb tap)',
    )
    .option('--no-page', 'do not serve the page')
    .option('--dry-run', 'check everything that the bridges need, as mkb doctor does, and run nothing')
    .addHelpText('after', help)
    .action(async (files: string[], options: RunOptions & { readonly dryRun?: true }) => {
      if (options.dryRun) {
        const { doctor } = await import('../doctor.ts');
        process.exitCode = await doctor(files, options);
        return;
      }
      const { run } = await import('../run.ts');
      process.exitCode = await run(files, options);
    });
