/** What is made for a Kafka cluster that Strimzi runs: the Secret of who we are to it, and topics as resources of its own. */

import { hashOf } from '../runtime/canonical.ts';
import type { KubeObject } from '../runtime/object.ts';
import { kafkaKeys } from './bridge-document.ts';
import { customized } from './customized.ts';
import { annotations, labels } from './labels.ts';
import { kafkaSecretName } from './names.ts';
import { secret } from './parts.ts';
import type { KafkaCluster, Pipeline } from './pipeline.ts';

/** A copy, because the cluster may be in another namespace. */
export function kafkaSecret(pipeline: Pipeline): KubeObject[] {
  const { kafka } = pipeline.observed;
  if (kafka === undefined) return [];
  const texts = { ...(kafka.ca !== undefined && { [kafkaKeys.ca]: kafka.ca }), ...userTexts(kafka.user) };
  if (Object.keys(texts).length === 0) return [];
  return [secret(pipeline, 'bridge', kafkaSecretName(pipeline.document.metadata.name), texts)];
}

function userTexts(user: KafkaCluster['user']): Record<string, string> {
  if (user === undefined) return {};
  if (user.kind === 'tls') return { [kafkaKeys.cert]: user.cert, [kafkaKeys.key]: user.key };
  return { [kafkaKeys.password]: user.password };
}

/**
 * Topics of the document as Strimzi's own resources. They belong to nobody: data outlives the bridge. The bridge still makes those that are
 * not there yet when it starts, and Strimzi then takes them as they are. In a namespace that does not allow it, the bridge makes all of them,
 * with the rights of its user: the topic operator of Strimzi has every right, and must not lend it to another namespace.
 * https://strimzi.io/docs/operators/latest/configuring.html#type-KafkaTopic-reference
 */
export function kafkaTopics({ document, observed }: Pipeline): KubeObject[] {
  const { kafka, apis } = observed;
  if (!kafka?.makesTopics || apis.strimzi === undefined) return [];
  return document.spec.kafka.topics.map(({ name, partitions, replicas, config }) => ({
    apiVersion: `kafka.strimzi.io/${apis.strimzi}`,
    kind: 'KafkaTopic',
    metadata: {
      name: resourceName(name),
      namespace: kafka.namespace,
      labels: { 'strimzi.io/cluster': kafka.name },
      annotations: { [annotations.topicOf]: `${document.metadata.namespace}/${document.metadata.name}` },
    },
    spec: {
      topicName: name,
      // Left out, they are the cluster's own.
      ...(partitions > 0 && { partitions }),
      ...(replicas > 0 && { replicas }),
      ...(Object.keys(config).length > 0 && { config }),
    },
  }));
}

/**
 * The KafkaUser that the document asks for. Like a topic it belongs to nobody: sessions of a deleted bridge are still drained as that user.
 *
 * @param strimzi the version of its API
 */
export function kafkaUser(pipeline: Pick<Pipeline, 'document' | 'settings'>, strimzi: string): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  const { name, user, createUser } = spec.kafka.clusterRef ?? {};
  if (createUser === undefined || user === undefined) return [];
  const made = {
    apiVersion: `kafka.strimzi.io/${strimzi}`,
    kind: 'KafkaUser',
    metadata: {
      name: user,
      namespace: metadata.namespace!,
      labels: { ...labels(metadata.name, 'bridge'), 'strimzi.io/cluster': name! },
    },
    spec: { ...createUser.spec, authentication: { type: createUser.authentication } },
  };
  return customized(pipeline, [made]);
}

/** A topic may have a name that no object can have; one that can keeps it [RFC 1123]. */
function resourceName(topic: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?$/.test(topic) && !/[.-]{2}/.test(topic)) return topic;
  const readable = topic
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 150);
  const unique = Buffer.from(hashOf(topic), 'base64url').toString('hex').slice(0, 12);
  return `${readable || 'topic'}-${unique}`;
}
