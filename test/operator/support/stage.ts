/**
 * A real control plane with an operator at work on it, in the process of the test. Pods are kwok's: they become Ready and serve nothing, so
 * what they say at /metrics is made up here.
 */

import { KubeConfig } from '@kubernetes/client-node';
import { Registry } from 'prom-client';
import { clusterRoles, leaseRoles } from '../../../deploy/manifests/roles.ts';
import { defaultConfiguration, type OperatorConfiguration } from '../../../operator/configuration.ts';
import { strimziKinds } from '../../../operator/kinds.ts';
import { type Operator, prepareOperator } from '../../../operator/main.ts';
import type { Login, LoginAnswer } from '../../../operator/users/login.ts';
import { documentOf } from '../../api/support/documents.ts';
import { definitionOf } from '../../crds/others.ts';
import { type KubernetesObject, type RunningKubernetes, startKubernetes } from '../../real/kubernetes.ts';
import { until } from '../../real/until.ts';

export interface RunningOperator {
  readonly registry: Registry;
  /** What it has logged as warnings and errors. */
  readonly complaints: string[];
  readonly refused: Operator['refused'];
  stop(): Promise<void>;
}

export interface OperatorSettings extends Partial<OperatorConfiguration> {
  /** What a Pod says at /metrics; by default that it is connected, and that nothing flows. */
  readonly page?: (url: string) => string;
  /** See `OperatorOptions`. */
  readonly distributeMs?: number;
  /** What a broker answers to who logs in; there is none. */
  readonly logIn?: (login: Login) => LoginAnswer;
}

export const connectedPage = (received = 0, { mqtt = 1, kafka = 1 } = {}): string =>
  [
    `mkb_messages_received_total{bridge="cars",source="mqtt"} ${received}`,
    `mkb_messages_delivered_total{bridge="cars",source="mqtt"} ${received}`,
    `mkb_mqtt_connected{bridge="cars"} ${mqtt}`,
    `mkb_kafka_connected{bridge="cars"} ${kafka}`,
  ].join('\n');

/** The operator's service account. It has the rights that the installation gives it, and no others. */
export const operatorAccount = 'mqtt-kafka-operator';

/** Starts an operator that works without a Lease, as there is no other. */
export async function startOperator(
  kubernetes: RunningKubernetes,
  settings: OperatorSettings = {},
): Promise<RunningOperator> {
  const { page = () => connectedPage(), logIn = () => 'let-in', distributeMs, ...configuration } = settings;
  const config = new KubeConfig();
  config.loadFromFile(await kubernetes.kubeconfigFor(operatorAccount));
  const complaints: string[] = [];
  const complain = (fields: object, message: string) => {
    complaints.push(
      `${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? value.message : value))}`,
    );
  };
  const registry = new Registry();
  const operator = prepareOperator({
    config,
    configuration: { ...defaultConfiguration(), ...configuration },
    leaseNamespace: undefined,
    identity: 'test',
    log: { debug: () => undefined, info: () => undefined, warn: complain, error: complain },
    registry,
    fetchText: async url => page(url),
    logIn: async login => logIn(login),
    ...(distributeMs !== undefined && { distributeMs }),
  });
  const stopping = new AbortController();
  const ended = operator.run(stopping.signal);
  return {
    registry,
    complaints,
    refused: operator.refused,
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

export const crdFile = 'crds/mqttkafkabridges.mqttkafka.dev.yaml';
export const userCrdFile = 'crds/mqttusers.mqttkafka.dev.yaml';

/** A custom resource of somebody else, whatever its fields are. */
export const foreignResource = (apiVersion: string, kind: string, plural: string): object => {
  const [group, version] = apiVersion.split('/');
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
};

/** Those that the operator only reads: tests give them a status as they are made. */
const strimzi = [strimziKinds('v1').kafka, strimziKinds('v1').kafkaUser];

/** A control plane with fake Pods, our custom resource and Strimzi's, and the roles of an installation. */
export async function startCluster(): Promise<RunningKubernetes> {
  const kubernetes = await startKubernetes({ parts: 'pods', apply: [crdFile, userCrdFile] });
  const read = strimzi.map(({ apiVersion, kind, plural }) => foreignResource(apiVersion, kind, plural));
  await kubernetes.apply(...read, definitionOf('kafkatopics'));
  await kubernetes.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
  const here = leaseRoles().map(role => ({ ...role, metadata: { ...role.metadata, namespace: 'default' } }));
  await kubernetes.apply(...clusterRoles('default'), ...here);
  return kubernetes;
}

/** A bridge to apply: the smallest valid one, with these sections in place of its own. */
export function bridge(
  name: string,
  spec: Parameters<typeof documentOf>[0] = {},
  metadata: object = {},
): KubernetesObject {
  return { ...documentOf(spec), metadata: { name, namespace: 'default', ...metadata } };
}

/** Tools for looking at bridges of the namespace `default`. */
export function looks(kubernetes: RunningKubernetes) {
  const status = async (name: string) => (await kubernetes.get('mqttkafkabridge', name))?.status;
  const condition = async (name: string, type: string) => {
    const found = (await status(name))?.conditions?.find((each: { type: string }) => each.type === type);
    return found as { status: string; reason: string; message: string; observedGeneration: number } | undefined;
  };
  /** Waits until a condition of the newest generation has this status, and this reason if one is given. */
  const reaches = (name: string, type: string, wanted: string, reason?: string) =>
    until(
      `${type} of ${name} to be ${wanted} ${reason ?? ''}`,
      async () => {
        const { generation } = (await kubernetes.get('mqttkafkabridge', name))!.metadata;
        const is = await condition(name, type);
        const right = is?.status === wanted && (reason === undefined || is.reason === reason);
        return right && is.observedGeneration === generation ? is : undefined;
      },
      { everyMs: 100 },
    );
  const events = async (name: string): Promise<string[]> => {
    const text = await kubernetes.kubectl(['get', 'events.events.k8s.io', '-n', 'default', '-o', 'json']);
    const items = JSON.parse(text).items as { regarding: { name: string }; reason: string; note: string }[];
    return items.filter(({ regarding }) => regarding.name === name).map(({ reason, note }) => `${reason}: ${note}`);
  };
  return { status, condition, reaches, events };
}
