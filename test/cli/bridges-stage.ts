import type { BridgeStatus } from '../../api/schema/status.ts';
import { kinds } from '../../operator/kinds.ts';
import { ApiClient } from '../../operator/runtime/client.ts';
import { documentOf } from '../api/support/documents.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { condition, goodStatus, withConditions } from './made-up-bridges.ts';

/** A cluster whose bridges nobody runs: what their status says is up to the test. */
export interface BridgesStage {
  readonly kubernetes: RunningKubernetes;
  readonly client: ApiClient;
  /** Makes bridges of these names, with two replicas. */
  make(namespace: string, ...names: string[]): Promise<void>;
  /** Writes the status of a bridge, as the operator would. */
  tell(namespace: string, name: string, status: BridgeStatus): Promise<void>;
  stop(): Promise<void>;
}

/** Of a bridge with a rule that cannot be run. */
export const invalidStatus = withConditions(
  condition('Ready', 'False', 'RulesInvalid', 'rules[0].sql:1:8: There is no column speeed.'),
);

/** With `shop/cars`, which is ready, and `market/trucks`, which is not. */
export const startBridgesStage = async (): Promise<BridgesStage> => {
  const kubernetes = await startKubernetes({ apply: ['crds/mqttkafkabridges.mqttkafka.dev.yaml'] });
  const client = new ApiClient(kubernetes.config);
  const { apiVersion, kind } = kinds.bridge;
  const spec = documentOf({ mqtt: { url: 'mqtt://broker:1883', share: 's' }, bridge: { replicas: 2 } });
  const stage: BridgesStage = {
    kubernetes,
    client,
    make: (namespace, ...names) =>
      kubernetes.apply(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        ...names.map(name => ({ ...spec, metadata: { namespace, name } })),
      ),
    tell: async (namespace, name, status) => {
      const object = { apiVersion, kind, metadata: { namespace, name }, status };
      await client.apply(kinds.bridge, object, { fieldManager: 'test', force: true, subresource: 'status' });
    },
    stop: async () => {
      client.close();
      await kubernetes.stop();
    },
  };
  await stage.make('shop', 'cars');
  await stage.make('market', 'trucks');
  await stage.tell('shop', 'cars', goodStatus);
  await stage.tell('market', 'trucks', invalidStatus);
  return stage;
};
