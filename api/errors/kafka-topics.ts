/** Errors of topics of Kafka: those that are missing, and those that are not made. */
import { table } from './entry.ts';

export const kafkaTopicErrors = table({
  'kafka-unknown-topic': {
    kind: 'permanent',
    message: ({ topic }: { topic: string }) => `The Kafka topic ${topic} does not exist.`,
    remedy:
      'Create it, or list it in spec.kafka.topics and the bridge creates it. Topics that a template names are made with spec.kafka.topicDefaults.',
  },
  'kafka-invalid-topic': {
    kind: 'permanent',
    message: ({ topic }: { topic: string }) => `${JSON.stringify(topic)} cannot be the name of a Kafka topic.`,
    remedy:
      'A topic name has 1 to 249 letters, digits, dots, underscores and hyphens. Correct the topic template of the sink.',
  },
  'kafka-topic-not-created': {
    kind: 'permanent',
    message: ({ topic, reason }: { topic: string; reason: string }) =>
      `The Kafka topic ${topic} could not be created: ${reason}.`,
    remedy:
      'Check its entry in spec.kafka.topics: replicas must not exceed the number of brokers, and config must be valid.',
  },
  'kafka-partitions-not-added': {
    kind: 'retryable',
    message: ({ topic, has, wanted, reason }: { topic: string; has: number; wanted: number; reason: string }) =>
      `The Kafka topic ${topic} has ${has} partitions, and could not be given the ${wanted} of the document: ${reason}.`,
    remedy:
      'Messages go on with the partitions that there are. Give the user of the bridge the right Alter on the topic, add the partitions yourself (kafka-topics.sh --alter), or write the number that there is into spec.kafka.topics. It is retried.',
  },
  'kafka-partitions-lowered': {
    kind: 'permanent',
    message: ({ topic, from, to }: { topic: string; from: number; to: number }) =>
      `The topic ${topic} would go from ${from} partitions to ${to}, and Kafka takes none away.`,
    remedy:
      'Write the old number. If the topic was made again with fewer, set the annotation mqttkafka.dev/accept-changes to kafka.topics.',
  },
  'kafka-topic-refused': {
    kind: 'permanent',
    message: ({ topic, reason }: { topic: string; reason: string }) =>
      `Kafka does not make the topic ${topic}: ${reason}.`,
    remedy:
      "Change the sink's template so that it gives names that the cluster allows, or the cluster's policy for new topics (create.topic.policy.class.name).",
  },
  'kafka-topic-defaults-refused': {
    kind: 'retryable',
    message: ({ topic, reason }: { topic: string; reason: string }) =>
      `Kafka cannot make the topic ${topic} with spec.kafka.topicDefaults: ${reason}.`,
    remedy:
      "Records for the topic wait. Correct spec.kafka.topicDefaults: `replicas` is at most the number of brokers, `config` has Kafka's own names, and -1 is the cluster's default.",
  },
  'kafka-topics-exhausted': {
    kind: 'permanent',
    message: ({ topic, limit }: { topic: string; limit: number }) =>
      `The Kafka topic ${topic} is not made: this process has made ${limit} topics, and spec.kafka.topicDefaults.maxTopics allows no more.`,
    remedy: 'See which names the templates give. If so many topics are wanted, raise maxTopics.',
  },
});
