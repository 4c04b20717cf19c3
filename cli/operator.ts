/** `mkb operator`: runs MqttKafkaBridge resources of a Kubernetes cluster, until it is told to stop. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { Command, InvalidArgumentError, Option } from 'commander';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { namespaceRule } from '../api/schema/object-names.ts';
import { serveHttp } from '../bridge/observe/http.ts';
import { createLog, type Logger } from '../bridge/observe/log.ts';
import { defaultConfiguration, loadConfiguration, type OperatorConfiguration } from '../operator/configuration.ts';
import { type Operator, prepareOperator } from '../operator/main.ts';
import type { ApiAccess } from '../operator/runtime/connection.ts';
import { serviceAccountFolder } from '../operator/runtime/pod-access.ts';
import { serveWebhook, type Webhook } from '../operator/webhook/server.ts';
import { type Address, parseAddress } from './address.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import {
  contextNamespace,
  type KubeConfigOptions,
  kubeConfig,
  podConfig,
  withKubeConfigOptions,
} from './kube-config.ts';
import { printProblems } from './output.ts';
import { StopSignal } from './signals.ts';

interface OperatorCommandOptions extends KubeConfigOptions {
  readonly config?: string;
  readonly http: Address;
  readonly namespace: readonly string[];
  readonly logLevel: string;
  readonly leaderElect?: boolean;
  readonly metricsAuthentication?: boolean;
  readonly webhook?: Address;
  readonly webhookCertificates: string;
  readonly webhookClientCa?: string;
}

const help = `
Watches MqttKafkaBridge resources and makes what they describe: the bridge, its broker, its monitoring. docs/install-kubernetes.md says
how to install it; for a try, run it beside a cluster whose kubeconfig you have.

In a Pod it uses the service account, elsewhere the current context of the kubeconfig. Over HTTP it serves /metrics to a client that shows the token
of an account that may get them, /healthz (the process is alive) and /readyz (everything has been read once). Prints one line on stdout when
it listens; logs are JSON lines on stderr. SIGTERM or Ctrl-C ends it; what it runs in the cluster goes on.

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

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export const operatorCommand = (): Command =>
  withKubeConfigOptions(new Command('operator'))
    .description('run the MqttKafkaBridge resources of a Kubernetes cluster')
    .option('--config <file>', 'a document of the kind MqttKafkaOperator, or - for standard input')
    .addOption(
      new Option('--http <host:port>', 'where to serve metrics and health; port 0 takes a free one')
        .argParser(httpAddress)
        .default({ host: '127.0.0.1', port: 8080 }, '127.0.0.1:8080'),
    )
    .addOption(
      new Option('--namespace <name>', 'work in this namespace only; may be given several times, or with commas')
        .argParser(namespaceNames)
        .default([], 'those of the configuration, else all'),
    )
    .addOption(new Option('--log-level <level>', 'the least important level to log').choices(levels).default('info'))
    .option('--leader-elect', 'work only while holding the Lease (the default)')
    .option('--no-leader-elect', 'work without a Lease: there must be no other operator')
    .option('--metrics-authentication', 'show /metrics only to accounts that may read them (the default)')
    .option('--no-metrics-authentication', 'show /metrics to every client that reaches the port')
    .addOption(
      new Option(
        '--webhook <host:port>',
        'where to serve the webhook that checks documents when they are applied',
      ).argParser(httpAddress),
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
      process.exitCode = await operator(options);
    });

const httpAddress = (text: string): Address => {
  const address = parseAddress(text);
  if (address === undefined) throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:8080.');
  return address;
};

/** No name at all says nothing: the Operator Lifecycle Manager means all namespaces by it. */
const namespaceNames = (text: string, before: readonly string[]): readonly string[] => {
  const names = text.split(',').filter(name => name !== '');
  const wrong = names.find(name => !new RegExp(namespaceRule.pattern).test(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not ${namespaceRule.expected}.`);
  return [...new Set([...before, ...names])];
};

const operator = async (options: OperatorCommandOptions): Promise<number> => {
  const configuration = await configure(options);
  const config = (await podConfig(options)) ?? (await kubeConfig(options));
  if (configuration === undefined || config === undefined) return exitCodes.configuration;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const log = createLog(options.logLevel);
  const { enabled, namespace } = configuration.leaderElection;
  const operator = prepareOperator({
    config,
    configuration,
    leaseNamespace: enabled ? (namespace ?? (await ownNamespace(config))) : undefined,
    identity: `${hostname()}_${randomBytes(4).toString('hex')}`,
    log,
    registry,
  });
  const webhook = await startWebhook(options, configuration, operator, log);
  try {
    return await serve(options.http, operator, registry, log);
  } finally {
    await webhook?.close();
  }
};

/** Less than the Pod's terminationGracePeriodSeconds, milliseconds: an API server that hangs is not waited for longer. */
const stopLimitMs = 15_000;

const serve = async (address: Address, operator: Operator, registry: Registry, log: Logger): Promise<number> => {
  const readiness = () => [{ name: 'operator', missing: operator.missing }];
  const http = await serveHttp(address, registry, readiness, operator.refusal);
  const signal = new StopSignal({ outlivesOutput: true });
  const stopping = new AbortController();
  void signal.came.then(() => stopping.abort());
  process.stdout.write(`Operator: ${http.url}/metrics\n`);
  const ended = await signal.within(stopLimitMs, operator.run(stopping.signal));
  if (ended === undefined) log.warn({ limitMs: stopLimitMs }, 'the API server hangs: ended without its last answers');
  await http.close();
  signal.end();
  return ended !== 'lost' ? exitCodes.ok : exitCodes.failed;
};

/** In every replica, whether it leads or not. */
const startWebhook = async (
  { webhook, webhookCertificates, webhookClientCa }: OperatorCommandOptions,
  { replicas, trustedOverrides }: OperatorConfiguration,
  { refused }: Operator,
  log: Logger,
): Promise<Webhook | undefined> =>
  webhook &&
  serveWebhook({
    ...webhook,
    certificates: webhookCertificates,
    clientCa: webhookClientCa,
    settings: { replicas, trustedOverrides },
    refused,
    log,
  });

/** What the file says, or the defaults; with what the command line says in its place. */
const configure = async (options: OperatorCommandOptions): Promise<OperatorConfiguration | undefined> => {
  const read = options.config === undefined ? undefined : await loadConfiguration(options.config);
  printProblems(read?.problems ?? []);
  const base = read ? read.document?.spec : defaultConfiguration();
  if (base === undefined) return undefined;
  const { namespace, leaderElect = base.leaderElection.enabled } = options;
  const { metricsAuthentication = base.metrics.authentication } = options;
  return {
    ...base,
    namespaces: namespace.length > 0 ? [...namespace] : base.namespaces,
    leaderElection: { ...base.leaderElection, enabled: leaderElect },
    metrics: { authentication: metricsAuthentication },
  };
};

/** The namespace of our Pod, or that of the context. */
const ownNamespace = async (config: ApiAccess): Promise<string> => {
  const mounted = await readFile(join(serviceAccountFolder, 'namespace'), 'utf8').catch(() => '');
  return mounted.trim() || ('getContextObject' in config ? contextNamespace(config as KubeConfig) : 'default');
};
