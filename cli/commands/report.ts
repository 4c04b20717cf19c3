/** The command line of `mkb report`. */
import { Command, InvalidArgumentError } from 'commander';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { ReportOptions } from '../report.ts';
import { withKubeConfigOptions } from './kube-config-options.ts';
import { secretsDirOption } from './process-options.ts';

const help = `
Writes what somebody needs who helps you: versions, documents as they are written and as the bridge sees them, what is wrong with them, what mkb doctor finds, and
/metrics, /readyz and /healthz of the bridge that runs. With --log the newest lines of a log, with --bridge what the operator says of a bridge in a cluster.

No secret is in it: those that the documents name are taken out wherever they stand, and so is what looks like one (logins in addresses, private keys, tokens,
long words of letters and digits), and all comments. [secret 3] stands for the same secret everywhere. It is a file for you alone: look at it before you send it.

Examples:
  mkb report bridge.yaml
  mkb report bridge.yaml --log mkb.log --output report.tar.gz
  mkb report --bridge cars/vehicles --url http://127.0.0.1:9400 --output report-folder
${exitCodeHelp(
  [exitCodes.ok, 'it is written, whatever is in it'],
  [exitCodes.failed, 'it cannot be written'],
  [exitCodes.usage, 'the command line is wrong'],
)}`;

export const reportCommand = (): Command =>
  withKubeConfigOptions(
    new Command('report')
      .argument('[file...]', 'files or folders of documents')
      .option('--url <url>', 'where the bridge serves metrics and health', http, 'http://127.0.0.1:9400')
      .option('--log <file>', 'a file of log lines')
      .option('--lines <number>', 'how many of its newest lines', lines, 2000)
      .option('--bridge <namespace/name>', 'a bridge in a Kubernetes cluster', bridge)
      .option('--output <path>', 'a new file that ends in .tar.gz, or a new folder')
      .option('--no-doctor', 'connect to no broker'),
  )
    .addOption(secretsDirOption())
    .addHelpText('after', help)
    .action(async (files: string[], options: ReportOptions) => {
      const { report } = await import('../report.ts');
      process.exitCode = await report(files, options);
    });

function http(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new InvalidArgumentError('Write an address, such as http://127.0.0.1:9400.');
}

function lines(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 to 999999.');
}

function bridge(text: string): string {
  if (/^[a-z0-9-]+\/[a-z0-9.-]+$/.test(text)) return text;
  throw new InvalidArgumentError('Write NAMESPACE/NAME.');
}
