/** What the operator exports, asked of an operator that is prepared and never run: whatever it registers is listed, and nothing else. */
import { KubeConfig } from '@kubernetes/client-node';
import { Registry } from 'prom-client';
import { defaultConfiguration } from '../operator/configuration.ts';
import { prepareOperator } from '../operator/main.ts';

export interface OperatorMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** Sorted by name. Node's process metrics, which the command adds, are not among them. */
export function operatorMetrics(): readonly OperatorMetric[] {
  const registry = new Registry();
  const quiet = () => undefined;
  prepareOperator({
    config: nowhere(),
    configuration: defaultConfiguration(),
    leaseNamespace: 'default',
    identity: 'never-run',
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    registry,
  });
  return (registry.getMetricsAsArray() as unknown as Registered[])
    .map(({ name, help, type, labelNames }) => ({ name, help, type, labels: labelNames }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A metric as the registry holds it; its types know less. */
interface Registered {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** A kubeconfig that leads to no cluster. */
function nowhere(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'none', server: 'http://127.0.0.1:1', skipTLSVerify: false },
    { name: 'nobody' },
  );
  return config;
}
