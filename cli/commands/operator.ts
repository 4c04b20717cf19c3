/** The command line of `mkb operator`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { namespaceRule } from '../../api/schema/object-names.ts';
import { exitCodeHelp, exitCodes } from '../exit-codes.ts';
import type { OperatorCommandOptions } from '../operator.ts';
import { withKubeConfigOptions } from './kube-config-options.ts';
import { httpOption, logFormatOption, logLevelOption, parseHttp } from './process-options.ts';

const help = `
Watches MqttKafkaBridge resources and makes what they describe: the bridge, its broker, its monitoring. docs/install-kubernetes.md says
how to install it; for a try, run it beside a cluster whose kubeconfig you have.

In a Pod it uses the service account, elsewhere the current context of the kubeconfig. Over HTTP it serves /metrics to a client that shows the token
of an account that may get them, /healthz (the process is alive) and /readyz (everything has been read once). Prints one line on stdout when
it listens; logs are on stderr: text on a terminal, JSON lines otherwise. SIGTERM or Ctrl-C ends it; what it runs in the cluster goes on.

Examples:
  mkb operator
  mkb operator --namespace shop --no-leader-elect --no-metrics-authentication
  mkb operator --config operator.yaml --http 0.0.0.0:8080
  mkb operator --webhook 0.0.0.0:9443 --webhook-certificates /etc/mkb-webhook
${exitCodeHelp(
  [exitCodes.ok, 'stopped as asked'],
  [exitCodes.failed, 'it cannot listen, the webhook has no certificate, or another operator may lead by now'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.configuration, 'the configuration or the kubeconfig is wrong'],
)}`;

export const operatorCommand = (): Command =>
  withKubeConfigOptions(new Command('operator'))
    .option('--config <file>', 'a document of the kind MqttKafkaOperator, or - for standard input')
    .addOption(httpOption(8080))
    .addOption(
      new Option('--namespace <name>', 'work in this namespace only; may be given several times, or with commas')
        .argParser(namespaceNames)
        .default([], 'those of the configuration, else all'),
    )
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .option('--leader-elect', 'work only while holding the Lease (the default)')
    .option('--no-leader-elect', 'work without a Lease: there must be no other operator')
    .option('--metrics-authentication', 'show /metrics only to accounts that may read them (the default)')
    .option('--no-metrics-authentication', 'show /metrics to every client that reaches the port')
    .addOption(
      new Option(
        '--webhook <host:port>',
        'where to serve the webhook that checks documents when they are applied',
      ).argParser(parseHttp(9443)),
    )
    .option(
      '--webhook-certificates <dir>',
      'the folder of its tls.crt and tls.key, which may be renewed',
      '/etc/mkb-webhook',
    )
    .option(
      '--webhook-client-ca <file>',
      'answer only clients whose certificate one of these authorities has signed (the API server needs an AdmissionConfiguration)',
    )
    .addHelpText('after', help)
    .action(async (options: OperatorCommandOptions) => {
      const { operator } = await import('../operator.ts');
      process.exitCode = await operator(options);
    });

/** No name at all says nothing: the Operator Lifecycle Manager means all namespaces by it. */
const namespaceNames = (text: string, before: readonly string[]): readonly string[] => {
  const names = text.split(',').filter(name => name !== '');
  const wrong = names.find(name => !new RegExp(namespaceRule.pattern).test(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not ${namespaceRule.expected}.`);
  return [...new Set([...before, ...names])];
};
