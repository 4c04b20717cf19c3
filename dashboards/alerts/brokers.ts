/** Alerts about what bridges stand between: MQTT brokers and Kafka, as the exporter sees them. */
import { jobs } from '../promql.ts';
import type { Alert } from './alert.ts';
import { brokerQueueFilling } from './broker-queue.ts';

/** The groups that remember which dead letters are done (bridge/letters/letter-group.ts). Nobody reads them but a replay. */
const letterGroups = '.+-dead-letters';

export const mqttAlerts: readonly Alert[] = [
  {
    name: 'MqttBrokerDown',
    expr: 'max by (target) (mqtt_broker_up) == 0',
    for: '1m',
    severity: 'critical',
    dashboard: 'broker',
    summary: 'MQTT broker {{ $labels.target }} is down, or the exporter cannot log in.',
    description: 'For a minute the exporter has not been able to connect to it as an MQTT client.',
  },
  {
    name: 'MqttProbeFailing',
    expr: 'max by (target) (mqtt_probe_success) == 0 and on (target) max by (target) (mqtt_broker_up) == 1',
    for: '1m',
    severity: 'critical',
    dashboard: 'broker',
    summary: 'MQTT broker {{ $labels.target }} accepts connections and passes no messages on.',
    description: 'For a minute no message that the exporter published came back to it, although it is connected.',
  },
  {
    name: 'MqttBrokerDropsMessages',
    expr: 'sum by (target, reason) (increase(mqtt_broker_messages_dropped_total{reason!~"no_subscribers|no_local"}[5m])) > 0',
    for: '0m',
    severity: 'warning',
    dashboard: 'broker',
    summary: 'MQTT broker {{ $labels.target }} drops messages.',
    description:
      'About {{ $value | printf "%.0f" }} messages in 5 minutes did not reach a client, with reason {{ $labels.reason }}. If the client was a bridge, they never reached it.',
  },
  brokerQueueFilling,
  {
    name: 'EmqxApiDown',
    expr: 'max by (target) (emqx_api_up) == 0',
    for: '2m',
    severity: 'warning',
    dashboard: 'broker',
    summary: 'The API of EMQX {{ $labels.target }} does not answer the exporter.',
    description:
      'For two minutes it has given no figures, so that nothing is known of its nodes, rules and actions. Messages may pass all the same.',
  },
  {
    name: 'EmqxNodeDown',
    expr: 'max by (target, node) (emqx_node_up) == 0',
    for: '1m',
    severity: 'critical',
    dashboard: 'broker',
    summary: 'Node {{ $labels.node }} of EMQX {{ $labels.target }} does not run.',
    description:
      'The others say so. Its clients connect elsewhere, and what waited on it for a session without a copy is out of reach until it is back.',
  },
  {
    name: 'MqttBrokerLosesMessages',
    expr: 'max by (target, version) (emqx_durable_sessions_unsafe) == 1',
    for: '1m',
    severity: 'critical',
    dashboard: 'broker',
    summary:
      'MQTT broker {{ $labels.target }} is EMQX {{ $labels.version }}, which loses messages from durable sessions.',
    description:
      'EMQX 5.8.1 to 5.8.9 sends other messages than it should when a client reconnects that has not acknowledged all. No account of a bridge has what is missing.',
  },
];

export const kafkaAlerts: readonly Alert[] = [
  {
    name: 'KafkaDown',
    expr: 'max by (target) (kafka_up) == 0',
    for: '1m',
    severity: 'critical',
    dashboard: 'kafka',
    summary: 'Kafka cluster {{ $labels.target }} is down or unreachable.',
    description:
      'For a minute no broker has answered the exporter. Bridges hold what they have, and MQTT brokers the rest.',
  },
  {
    name: 'KafkaPartitionWithoutLeader',
    expr: 'max by (target, topic) (kafka_topic_leaderless_partitions) > 0',
    for: '1m',
    keepFiringFor: '10m',
    severity: 'critical',
    dashboard: 'kafka',
    summary: 'Topic {{ $labels.topic }} of Kafka {{ $labels.target }} has partitions without a leader.',
    description: '{{ $value }} partitions of it take no records; messages for them wait.',
  },
  {
    name: 'KafkaUnderReplicated',
    expr: 'max by (target, topic) (kafka_topic_under_replicated_partitions) > 0',
    for: '5m',
    keepFiringFor: '10m',
    severity: 'warning',
    dashboard: 'kafka',
    summary: 'Topic {{ $labels.topic }} of Kafka {{ $labels.target }} has fewer copies than it should.',
    description:
      '{{ $value }} partitions lack copies. When fewer are left than min.insync.replicas, Kafka takes no more records with acks=all.',
  },
  {
    name: 'KafkaConsumerLag',
    expr: `max by (target, group, topic) (kafka_consumer_group_lag_seconds{group!~"${letterGroups}"}) > 60`,
    for: '5m',
    keepFiringFor: '10m',
    severity: 'warning',
    dashboard: 'kafka',
    summary: 'Consumer group {{ $labels.group }} is behind on topic {{ $labels.topic }}.',
    description:
      'The oldest record that it has not read is {{ $value | humanizeDuration }} old, in Kafka {{ $labels.target }}.',
  },
  {
    name: 'MkbReplayStuck',
    // A day, so that a replay may be done in parts; what comes meanwhile has an alert of its own.
    expr: `max by (target, group, topic) (kafka_consumer_group_lag_seconds{group=~"${letterGroups}"}) > 86400`,
    for: '1h',
    severity: 'warning',
    dashboard: 'kafka',
    looksBack: 86_400,
    summary: 'Dead letters of topic {{ $labels.topic }} have been open for {{ $value | humanizeDuration }}.',
    description:
      'Letters were replayed or dropped before, and the oldest that is neither has waited for so long in Kafka {{ $labels.target }}: a replay stopped, or nobody has looked since.',
  },
];

/** Who watches the watcher. */
export const exporterAlerts: readonly Alert[] = [
  {
    name: 'MkbExporterDown',
    expr: `up{job="${jobs.exporter}"} == 0 or absent(up{job="${jobs.exporter}"})`,
    for: '2m',
    severity: 'warning',
    dashboard: 'broker',
    summary:
      'The exporter{{ with $labels.instance }} at {{ . }}{{ end }} does not run, or Prometheus does not reach it.',
    description: 'Without it no alert covers MQTT brokers, Kafka and consumer groups.',
  },
];
