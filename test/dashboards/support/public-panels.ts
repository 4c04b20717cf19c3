/**
 * What the panels of public dashboards of Kafka ask for, so that it is known which of them have data with the names of others (`aliases: true`):
 * 7589 of grafana.com, and the Strimzi Kafka Exporter of Strimzi's examples, each without its time functions.
 */
export interface PublicPanel {
  readonly dashboard: string;
  readonly panel: string;
  readonly query: string;
  /** As docs/monitoring.md says. */
  readonly empty?: true;
}

const all = 'topic=~".+"';
const groups = `consumergroup=~".+",${all}`;

const kafkaExporter = 'Kafka Exporter Overview';
const strimzi = 'Strimzi Kafka Exporter';

export const publicPanels: readonly PublicPanel[] = [
  ...[
    ['the variable job', 'count by (job) (kafka_consumergroup_current_offset)'],
    ['the variable topic', 'count by (topic) (kafka_topic_partition_current_offset{instance=~".+"})'],
    ['Message in per second', `sum by (topic) (rate(kafka_topic_partition_current_offset{instance=~".+",${all}}[1m]))`],
    ['Lag by  Consumer Group', `sum by (consumergroup, topic) (kafka_consumergroup_lag{instance=~".+",${all}})`],
    [
      'Message in per minute',
      `sum by (topic) (delta(kafka_topic_partition_current_offset{instance=~".+",${all}}[5m]))`,
    ],
    [
      'Message consume per minute',
      `sum by (consumergroup) (delta(kafka_consumergroup_current_offset{instance=~".+",${all}}[5m]))`,
    ],
    ['Partitions per Topic', `sum by (topic) (kafka_topic_partitions{instance=~".+",${all}})`],
  ].map(([panel, query]) => ({ dashboard: kafkaExporter, panel: panel!, query: query! })),
  ...[
    ['the variable Namespace', 'kafka_exporter_build_info'],
    ['the variable Consumer Group', 'count by (consumergroup) (kafka_consumergroup_current_offset)'],
    ['Topics', `count(kafka_topic_partitions{${all}})`],
    ['Partitions', `sum(kafka_topic_partitions{${all}})`],
    ['Under Replicated Partitions', `sum(kafka_topic_partition_under_replicated_partition{${all}})`],
    ['Messages in per second', `sum by (topic) (rate(kafka_topic_partition_current_offset{${all}}[1m]))`],
    [
      'Messages consumed per second',
      `sum by (consumergroup, topic) (delta(kafka_consumergroup_current_offset{${groups}}[1m]))`,
    ],
    ['Lag by  Consumer Group', `sum by (consumergroup, topic) (kafka_consumergroup_lag{${groups}})`],
    [
      'Consumer Group Offsets',
      `sum by (consumergroup, partition, topic) (kafka_consumergroup_current_offset{${groups}})`,
    ],
    ['Consumer Group Lag', `sum by (consumergroup, partition, topic) (kafka_consumergroup_lag{${groups}})`],
    // Of the topics that the document names.
    ['Replicas', `sum(kafka_topic_partition_replicas{${all}})`],
    ['In Sync Replicas', `sum(kafka_topic_partition_in_sync_replica{${all}})`],
    ['Number of Partitions', `sum by (topic) (kafka_topic_partitions{${all}})`],
    ['Latest Offsets', `sum by (partition, topic) (kafka_topic_partition_current_offset{${all}})`],
    ['Oldest Offsets', `sum by (partition, topic) (kafka_topic_partition_oldest_offset{${all}})`],
  ].map(([panel, query]) => ({ dashboard: strimzi, panel: panel!, query: query! })),
  ...[
    ['Partitions at minimum ISR', `sum(kafka_cluster_partition_atminisr{${all}})`],
    ['Partitions under minimum ISR', `sum(kafka_cluster_partition_underminisr{${all}})`],
    ['Partitions not on preferred node', `sum(kafka_topic_partition_leader_is_preferred{${all}} < bool 1)`],
  ].map(([panel, query]) => ({ dashboard: strimzi, panel: panel!, query: query!, empty: true as const })),
];
