/**
 * Our figures under the names of kafka_exporter (danielqsj, which Strimzi brings too), so that dashboards and alerts made for it find them.
 *
 * Its figures are by partition and ours by topic. What it is asked for is nearly always a sum over partitions, and that is the same.
 * So no alias has a label `partition`, but for that of the copies in sync.
 */
import type { MetricEntry } from './metrics.ts';

const topic = ['target', 'topic'] as const;
const group = ['target', 'consumergroup', 'topic'] as const;

const alias = (name: string, of: string, renamed?: MetricEntry['renamed']): MetricEntry => ({
  name,
  of,
  type: 'gauge',
  labels: renamed ? group : topic,
  help: `${of}, under the name that kafka_exporter has for it.`,
  ...(renamed && { renamed }),
});

const byGroup = ['group', 'consumergroup'] as const;

export const aliases: readonly MetricEntry[] = [
  // Strimzi's dashboard learns by it in which namespaces there is an exporter.
  { ...alias('kafka_exporter_build_info', 'kafka_up'), labels: ['target'] },
  alias('kafka_topic_partition_current_offset', 'kafka_topic_end_offset'),
  alias('kafka_topic_partition_oldest_offset', 'kafka_topic_start_offset'),
  alias('kafka_topic_partition_under_replicated_partition', 'kafka_topic_under_replicated_partitions'),
  // The one by partition, of those partitions that ours are of.
  {
    ...alias('kafka_topic_partition_in_sync_replica', 'kafka_topic_partition_in_sync_replicas'),
    labels: [...topic, 'partition'],
  },
  alias('kafka_consumergroup_current_offset', 'kafka_consumer_group_committed_offset', byGroup),
  alias('kafka_consumergroup_current_offset_sum', 'kafka_consumer_group_committed_offset', byGroup),
  alias('kafka_consumergroup_lag', 'kafka_consumer_group_lag_messages', byGroup),
  alias('kafka_consumergroup_lag_sum', 'kafka_consumer_group_lag_messages', byGroup),
];
