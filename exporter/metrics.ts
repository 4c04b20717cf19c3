/**
 * The exporter's metrics, as one table. docs/reference/exporter-metrics.md is generated from it.
 *
 * MQTT brokers have one set of names, whatever says the figures: `$SYS` of any broker, or the API of EMQX. What only EMQX has
 * begins with `emqx_`, and what the exporter says of itself with `exporter_`.
 */

export interface MetricEntry {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** In the order in which they are shown. Every metric has `target`, the name in the document. */
  readonly labels: readonly string[];
  /** The metric whose values these are, if this is another name for it. */
  readonly of?: string;
  /** A label that has another name here: `['group', 'consumergroup']`. */
  readonly renamed?: readonly [from: string, to: string];
}

const node = ['target', 'node'] as const;
const partition = ['target', 'topic', 'partition'] as const;
const topic = ['target', 'topic'] as const;
const consumer = ['target', 'group', 'topic'] as const;
const client = ['target', 'client'] as const;
const rule = ['target', 'node', 'rule'] as const;
const action = ['target', 'node', 'type', 'action'] as const;

const counter = (name: string, labels: readonly string[], help: string): MetricEntry => ({
  name,
  type: 'counter',
  labels,
  help,
});
const gauge = (name: string, labels: readonly string[], help: string): MetricEntry => ({
  name,
  type: 'gauge',
  labels,
  help,
});

/** Every metric of the exporter but those of its own process. */
export const exporterMetricTable: readonly MetricEntry[] = [
  gauge('mqtt_broker_up', ['target'], '1 while the exporter is connected to the broker as an MQTT client.'),
  gauge('mqtt_broker_connections', node, 'Clients that are connected.'),
  gauge('mqtt_broker_sessions', node, 'Sessions, of clients that are connected and of those that may come back.'),
  gauge('mqtt_broker_subscriptions', node, 'Subscriptions.'),
  gauge('mqtt_broker_retained_messages', node, 'Retained messages.'),
  gauge(
    'mqtt_broker_stored_messages',
    node,
    'Messages that the broker keeps: those that wait for clients, retained ones, and its own under $SYS. Only Mosquitto has it.',
  ),
  gauge('mqtt_broker_stored_bytes', node, 'Bytes of their payloads.'),
  gauge('mqtt_broker_heap_bytes', node, 'Memory that the broker says it uses. Only Mosquitto has it.'),
  gauge('mqtt_broker_memory_limit_bytes', node, 'How much it may have, as the document says (`memoryLimit`).'),
  gauge(
    'mqtt_broker_queue_limit_messages',
    node,
    'How many messages it keeps for one client, as the document says (`queueLimit`).',
  ),
  gauge('mqtt_broker_uptime_seconds', node, 'How long the broker has been running.'),
  counter('mqtt_broker_messages_received_total', node, 'PUBLISH packets from clients.'),
  counter('mqtt_broker_messages_sent_total', node, 'PUBLISH packets to clients.'),
  counter(
    'mqtt_broker_messages_dropped_total',
    [...node, 'reason'],
    'Messages that did not reach a client. Reason queue_full is a client that reads too slowly, in every broker; only EMQX reports others, ' +
      'of which no_subscribers and no_local are no losses.',
  ),
  counter('mqtt_broker_packets_received_total', node, 'MQTT packets of any kind from clients.'),
  counter('mqtt_broker_packets_sent_total', node, 'MQTT packets of any kind to clients.'),
  counter('mqtt_broker_bytes_received_total', node, 'Bytes from clients.'),
  counter('mqtt_broker_bytes_sent_total', node, 'Bytes to clients.'),
  gauge('mqtt_probe_success', ['target'], '1 if the last probe message came back in time, else 0.'),
  gauge('mqtt_probe_seconds', ['target'], 'From publishing the last probe message that came back to receiving it.'),
  counter('mqtt_probe_attempts_total', ['target'], 'Probes that were due, those without a connection among them.'),
  counter('mqtt_probe_failures_total', ['target'], 'Probes whose message did not come back in time.'),

  gauge(
    'mqtt_client_session',
    client,
    '1 if the broker has a session of a client that the document names, else 0. Only EMQX says it, as all about single clients.',
  ),
  gauge('mqtt_client_connected', client, '1 if that client is connected.'),
  gauge(
    'mqtt_client_session_on_disk',
    client,
    '1 if the session is a durable one. What waits in such a session is not counted by EMQX, so the two about its queue are missing.',
  ),
  gauge('mqtt_client_queue_messages', client, 'Messages that wait in the broker for the client, connected or not.'),
  gauge('mqtt_client_queue_limit_messages', client, 'How many may wait before messages are dropped.'),
  gauge('mqtt_client_inflight_messages', client, 'Messages that the client has not acknowledged.'),
  counter(
    'mqtt_client_queue_dropped_total',
    client,
    'Messages for the client that were dropped because its queue was full.',
  ),

  gauge('emqx_api_up', ['target'], '1 if the API of EMQX gave the figures of the broker when it was last asked.'),
  gauge(
    'emqx_api_part_up',
    ['target', 'part'],
    '1 if this part of the API (broker, clients, license, rules, actions, connectors) answered when it was last asked.',
  ),
  gauge('emqx_node_up', node, '1 if the node of the cluster runs.'),
  gauge(
    'emqx_durable_sessions_unsafe',
    [...node, 'version'],
    '1 if the node has durable sessions and a version (5.8.1 to 5.8.9) that loses messages from them when a client reconnects.',
  ),
  counter('emqx_client_connects_total', node, 'Clients that connected.'),
  counter('emqx_client_disconnects_total', node, 'Clients whose connection ended.'),
  counter(
    'emqx_authentications_total',
    [...node, 'result'],
    'Logins that were checked, by result: success, failure. Those of an EMQX that asks nobody who they are count as success.',
  ),
  counter(
    'emqx_authorizations_total',
    [...node, 'result'],
    'Publishes and subscriptions that access rules were asked about, by result: allow, deny.',
  ),
  counter(
    'emqx_refused_packets_total',
    [...node, 'packet'],
    'Packets that were refused for lack of a right: connect (a wrong login among them), publish, subscribe.',
  ),
  counter('emqx_qos_messages_received_total', [...node, 'qos'], 'Messages from clients, by quality of service.'),
  counter('emqx_qos_messages_sent_total', [...node, 'qos'], 'Messages to clients, by quality of service.'),
  gauge(
    'emqx_license_expiry_timestamp_seconds',
    ['target'],
    'When the license ends, seconds since 1970. Open source versions have none.',
  ),
  gauge('emqx_license_max_sessions', ['target'], 'How many sessions the license allows.'),
  gauge('emqx_rule_enabled', ['target', 'rule'], '1 if the rule is enabled.'),
  counter('emqx_rule_matched_total', rule, 'Messages and events that the rule was tried on.'),
  counter('emqx_rule_passed_total', rule, 'Of those, for which its SQL gave a result.'),
  counter(
    'emqx_rule_failed_total',
    [...rule, 'reason'],
    'Of those, for which it did not. Reason no_result is WHERE that said no, exception an error in the SQL.',
  ),
  counter(
    'emqx_rule_actions_total',
    [...rule, 'result'],
    'Actions that the rule started, by result: success, failed_out_of_service, failed_unknown, discarded.',
  ),
  gauge('emqx_action_up', action, '1 if the action is connected.'),
  gauge('emqx_action_enabled', ['target', 'type', 'action'], '1 if the action is enabled.'),
  counter('emqx_action_matched_total', action, 'Messages that were given to the action.'),
  counter('emqx_action_success_total', action, 'Messages that the action delivered.'),
  counter('emqx_action_failed_total', action, 'Messages that the action failed to deliver permanently.'),
  counter('emqx_action_dropped_total', [...action, 'reason'], 'Messages that the action gave up before sending.'),
  counter('emqx_action_retried_total', action, 'Attempts after the first, whatever became of them.'),
  counter('emqx_action_late_replies_total', action, 'Answers that came when the message was already given up.'),
  gauge('emqx_action_queuing', action, 'Messages that wait in the buffer of the action.'),
  gauge('emqx_action_queuing_bytes', action, 'Bytes that wait in the buffer of the action.'),
  gauge('emqx_action_inflight', action, 'Messages that are sent and not answered.'),
  gauge('emqx_connector_up', ['target', 'node', 'type', 'connector'], '1 if the connector is connected.'),
  gauge('emqx_connector_enabled', ['target', 'type', 'connector'], '1 if the connector is enabled.'),

  gauge('kafka_up', ['target'], '1 if a broker of the cluster gave its metadata when it was last asked.'),
  gauge('kafka_brokers', ['target'], 'Brokers that are members of the cluster.'),
  gauge('kafka_topic_partitions', topic, 'Partitions of the topic.'),
  gauge('kafka_topic_leaderless_partitions', topic, 'Partitions without a leader: they take no records.'),
  gauge('kafka_topic_under_replicated_partitions', topic, 'Partitions with fewer copies in sync than there should be.'),
  gauge('kafka_topic_start_offset', topic, 'Offset of the first record that is kept, added up over partitions.'),
  gauge(
    'kafka_topic_end_offset',
    topic,
    'Offset of the next record, added up over partitions. Its rate is the rate of records, so use rate() on it although it is a gauge.',
  ),
  gauge(
    'kafka_topic_partition_leader',
    partition,
    'Node id of the leader; -1 if the partition has none. This and the others by partition are shown of partitions that are not well, and ' +
      'of those topics that the document names in `partitions`.',
  ),
  gauge('kafka_topic_partition_replicas', partition, 'Copies that the partition should have.'),
  gauge('kafka_topic_partition_in_sync_replicas', partition, 'Copies that are in sync.'),
  gauge('kafka_topic_partition_start_offset', partition, 'Offset of the first record that is kept.'),
  gauge('kafka_topic_partition_end_offset', partition, 'Offset of the next record.'),
  gauge(
    'kafka_consumer_group_committed_offset',
    consumer,
    'Offset of the next record that the group will read, added up over partitions.',
  ),
  gauge(
    'kafka_consumer_group_lag_messages',
    consumer,
    'Records that the group has not read: end minus committed offset, added up over partitions.',
  ),
  gauge(
    'kafka_consumer_group_lag_seconds',
    consumer,
    'How long the oldest record that the group has not read has been in the topic; 0 when it has read all. Worked out from the end ' +
      'offsets that the exporter saw, so at least this long for records older than the exporter.',
  ),
  gauge('kafka_consumer_group_partition_lag_messages', [...consumer, 'partition'], 'The same of one partition.'),
  gauge(
    'kafka_partitions_not_shown',
    ['target'],
    'Partitions that are not well and not shown, because there are more than 1,000. The figures by topic count them.',
  ),

  counter(
    'exporter_collections_total',
    ['target', 'kind', 'outcome'],
    'Rounds of asking a target, by outcome: ok or failed.',
  ),
  gauge('exporter_collection_seconds', ['target', 'kind'], 'How long the last round of asking a target took.'),
];
