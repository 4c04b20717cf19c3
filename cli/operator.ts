/** `mkb operator`: runs MqttKafkaBridge resources of a Kubernetes cluster, until it is told to stop. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { serveHttp } from '../bridge/observe/http.ts';
import type { Logger } from '../bridge/observe/log.ts';
import { defaultConfiguration, loadConfiguration, type OperatorConfiguration } from '../operator/configuration.ts';
import { type Operator, prepareOperator } from '../operator/main.ts';
import type { ApiAccess } from '../operator/runtime/connection.ts';
import { serviceAccountFolder } from '../operator/runtime/pod-access.ts';
import { serveWebhook, type Webhook } from '../operator/webhook/server.ts';
import type { Address } from './address.ts';
import type { KubeConfigOptions } from './commands/kube-config-options.ts';
import { exitCodes } from './exit-codes.ts';
import { contextNamespace, kubeConfig, podConfig } from './kube-config.ts';
import { type LogOptions, openLog } from './open-log.ts';
import { printProblems } from './output.ts';
import { StopSignal } from './signals.ts';

export interface OperatorCommandOptions extends KubeConfigOptions, LogOptions {
  readonly config?: string;
  readonly http: Address;
  readonly namespace: readonly string[];
  readonly leaderElect?: boolean;
  readonly metricsAuthentication?: boolean;
  readonly webhook?: Address;
  readonly webhookCertificates: string;
  readonly webhookClientCa?: string;
}

export const operator = async (options: OperatorCommandOptions): Promise<number> => {
  const configuration = await configure(options);
  const config = (await podConfig(options)) ?? (await kubeConfig(options));
  if (configuration === undefined || config === undefined) return exitCodes.configuration;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const log = openLog(options);
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
  process.stdout.write(`Operator: ${http.url}/metrics\n`);
  const ended = await signal.within(stopLimitMs, operator.run(signal.stopping));
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
