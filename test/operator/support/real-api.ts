/** A real API server with a kind of the tests' own, and a client that counts its requests. */
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from '../../../operator/runtime/client.ts';
import type { ResourceKind } from '../../../operator/runtime/kinds.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { type RunningKubernetes, startKubernetes } from '../../real/kubernetes.ts';
import { until } from '../../real/until.ts';
import { thingKind } from './scripted-api.ts';

export const configMapKind: ResourceKind = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** Things have a spec and a status of any fields; `status.checked` is there by default. */
const thingDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: thingKind.kind, plural: thingKind.plural },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: anything,
              status: { ...anything, properties: { checked: { type: 'string', default: 'never' } } },
            },
          },
        },
      },
    ],
  },
};

export interface RealApi {
  readonly kubernetes: RunningKubernetes;
  readonly client: ApiClient;
  /** A client of its own, as after a start of the process. */
  newClient(): ApiClient;
  /** The result of some work, and how many requests it has made. */
  counting<T>(work: () => Promise<T>): Promise<[result: T, requests: number]>;
  /** The object as it is now. */
  now(kind: ResourceKind, name: string): Promise<KubeObject>;
}

export async function startRealApi(): Promise<RealApi> {
  const kubernetes = await startKubernetes();
  await kubernetes.apply(thingDefinition);
  let requests = 0;
  const newClient = () =>
    new ApiClient(kubernetes.config, {
      onRequest: () => {
        requests++;
      },
    });
  const client = newClient();
  await until('things to be served', async () => (await client.discover('example.com/v1'))?.has('things'));
  return {
    kubernetes,
    client,
    newClient,
    counting: async work => {
      const before = requests;
      return [await work(), requests - before];
    },
    now: async (kind, name) => (await newClient().get(kind, { namespace: 'default', name }))!,
  };
}

/** The config of the same cluster by way of another port of this machine. */
export function configThrough(port: number, { config }: RunningKubernetes): KubeConfig {
  const through = new KubeConfig();
  const cluster = { ...config.getCurrentCluster()!, server: `https://127.0.0.1:${port}` };
  through.loadFromOptions({
    clusters: [cluster],
    users: config.users,
    contexts: config.contexts,
    currentContext: config.currentContext,
  });
  return through;
}
