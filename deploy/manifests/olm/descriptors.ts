/** What a console shows of a bridge, as a form and as a page: paths, titles, and what the custom resource definition says of each. */
import { customResourceDefinition } from '../../../api/crd.ts';

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

export interface Descriptor {
  /** Below `spec` or `status`: `bridge.replicas`, `rules[0].sql`. */
  readonly path: string;
  readonly displayName: string;
  readonly description: string;
  /** How a console shows it. */
  readonly 'x-descriptors'?: readonly string[];
}

const { openAPIV3Schema } = customResourceDefinition().spec.versions[0]!.schema as { openAPIV3Schema: Schema };

/** @throws Error when there is no such field */
function describe(part: 'spec' | 'status', path: string): string {
  const steps = [part, ...path.replaceAll('[0]', '.items').split('.')];
  const found = steps.reduce<Schema | undefined>(
    (schema, step) => (step === 'items' ? schema?.items : schema?.properties?.[step]),
    openAPIV3Schema,
  );
  if (!found?.description) throw new Error(`${part}.${path} is not described in the custom resource definition`);
  return found.description;
}

const descriptor =
  (part: 'spec' | 'status') =>
  (path: string, displayName: string, shown?: string): Descriptor => ({
    path,
    displayName,
    description: describe(part, path),
    ...(shown !== undefined && { 'x-descriptors': [`urn:alm:descriptor:${shown}`] }),
  });

const ofSpec = descriptor('spec');
const ofStatus = descriptor('status');

export const specDescriptors: readonly Descriptor[] = [
  ofSpec('mqtt.url', 'MQTT broker', 'com.tectonic.ui:text'),
  ofSpec('mqtt.share', 'Shared subscription', 'com.tectonic.ui:text'),
  ofSpec('kafka.bootstrapServers', 'Kafka'),
  ofSpec('rules', 'Rules'),
  ofSpec('rules[0].sql', 'SQL', 'com.tectonic.ui:text'),
  ofSpec('bridge.replicas', 'Replicas', 'com.tectonic.ui:podCount'),
  ofSpec('bridge.resources', 'Resources', 'com.tectonic.ui:resourceRequirements'),
  ofSpec('monitoring', 'Monitoring'),
];

export const statusDescriptors: readonly Descriptor[] = [
  ofStatus('conditions', 'Conditions', 'io.kubernetes.conditions'),
  ofStatus('readyReplicas', 'Ready replicas'),
  ofStatus('rules', 'Rules'),
  ofStatus('flow', 'Flow'),
  ofStatus('endpoints', 'Endpoints'),
];
