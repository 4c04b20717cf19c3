/**
 * Alerts about bridges, symptoms first: what a user would notice, and only then what may be its cause.
 *
 * A failure that is retried loses nothing and is no alert of its own. It shows as late delivery, as a full window, or as nothing
 * delivered at all.
 */
import { jobs, lost, unaccounted } from '../promql.ts';
import type { Alert } from './alert.ts';
import { bufferAlerts } from './buffer.ts';
import { deliverySlow } from './delivery-objective.ts';

/** Messages with an outcome, per second. */
const settled = (window: string): string =>
  [
    `sum by (bridge, source) (rate(mkb_messages_delivered_total[${window}]))`,
    `sum by (bridge, source) (rate(mkb_messages_dead_lettered_total[${window}]))`,
    `sum by (bridge, source) (rate(mkb_messages_dropped_total[${window}]))`,
  ].join(' + ');

export const bridgeAlerts: readonly Alert[] = [
  {
    name: 'MkbMessagesLost',
    expr: `sum by (bridge, source, reason) (increase(${lost()}[5m])) > 0`,
    for: '0m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} loses messages.',
    description:
      'About {{ $value | printf "%.0f" }} messages (source {{ $labels.source }}) were dropped in 5 minutes with reason {{ $labels.reason }}, which is not a rule\'s own will.',
  },
  {
    name: 'MkbAccountsDoNotBalance',
    expr: `abs(${unaccounted()}) > 0`,
    for: '1m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} cannot account for all of its messages.',
    description:
      'What came in from source {{ $labels.source }}, less delivered, dead-lettered, dropped, returned and in flight, must be 0 at every scrape of {{ $labels.instance }}, and is {{ $value }}.',
  },
  {
    name: 'MkbMessagesDeadLettered',
    expr: 'sum by (bridge, source) (increase(mkb_messages_dead_lettered_total[10m])) > 0',
    for: '0m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'Messages of {{ $labels.bridge }} go to its dead-letter topic.',
    description:
      'About {{ $value | printf "%.0f" }} messages (source {{ $labels.source }}) failed permanently in 10 minutes. They are kept in the dead-letter topic, with the reason in their headers.',
  },
  ...deliverySlow,
  {
    name: 'MkbNothingDelivered',
    expr: `sum by (bridge, source) (mkb_messages_in_flight) > 0 and ${settled('2m')} == 0`,
    for: '1m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} has messages and delivers none.',
    description:
      '{{ $value }} messages (source {{ $labels.source }}) wait, and for 2 minutes none of them got an outcome.',
  },
  {
    name: 'MkbMessageStuck',
    expr: 'max by (bridge, instance, source) (mkb_oldest_in_flight_seconds) > 300',
    for: '0m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'A message of {{ $labels.bridge }} does not get through.',
    description:
      'It came from source {{ $labels.source }} {{ $value | humanizeDuration }} ago and has no outcome, whatever the others do. /readyz of {{ $labels.instance }} says what it waits for.',
  },
  {
    name: 'MkbBacklogGrowing',
    expr: [
      'predict_linear(mkb_buffer_bytes[15m], 3600) > mkb_buffer_limit_bytes',
      'and mkb_buffer_bytes > 0.1 * mkb_buffer_limit_bytes',
    ].join(' '),
    for: '5m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'The backlog of {{ $labels.bridge }} grows: its buffer is full within the hour.',
    description:
      'More comes in than Kafka takes. If it goes on like in the last 15 minutes, the buffer holds {{ $value | humanize1024 }}B in an hour, which is more than it may.',
  },
  {
    name: 'MkbBufferFull',
    expr: 'sum by (bridge, instance, source) (rate(mkb_paused_seconds_total[5m])) > 0.1',
    for: '5m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary:
      'The buffer of {{ $labels.bridge }} is full, and its source {{ $labels.source }} goes on only now and then.',
    description:
      'Reading was held back for {{ $value | humanizePercentage }} of the last 5 minutes. The MQTT broker, or Kafka, keeps what is not read, as long as it can.',
  },
  ...bufferAlerts,
  {
    name: 'MkbWindowFull',
    expr: 'min_over_time(mkb_window_messages[5m]) >= 0.95 * mkb_window_limit_messages',
    for: '5m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'The window of {{ $labels.bridge }} is full: the MQTT broker waits for it.',
    description:
      'Never fewer than {{ $value }} messages were unacknowledged in 5 minutes, which is the Receive Maximum or nearly so. The bridge takes no more than Kafka acknowledges, and the rest waits in the broker.',
  },
  {
    name: 'MkbTopicWaits',
    expr: 'max by (bridge, instance, topic) (mkb_topic_waiting_seconds) > 60',
    for: '0m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} cannot write to topic {{ $labels.topic }}.',
    description:
      'Records have waited for it for {{ $value | printf "%.0f" }} seconds, and with them the acknowledgements of all messages that came later. When the window is full nothing comes in any more.',
  },
  {
    name: 'MkbReloadFailed',
    expr: 'max by (bridge, instance) (mkb_config_last_reload_successful == bool 0) > 0',
    for: '5m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} did not take the document that it was given last.',
    description:
      'It goes on with the one before, and would begin with the other at its next start, or not start at all. The log of {{ $labels.instance }} says what is wrong.',
  },
  {
    name: 'MkbReconnectStorm',
    expr: [
      'sum by (bridge, instance) (increase(mkb_mqtt_connections_total[10m])) > 5',
      'or sum by (bridge, instance) (increase(mkb_publisher_connections_total[10m])) > 5',
    ].join(' '),
    for: '0m',
    severity: 'warning',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} connects to its MQTT broker again and again.',
    description:
      '{{ $value | printf "%.0f" }} connections in 10 minutes. Every lost connection has messages delivered twice, and a broker that is connected to like this by many suffers.',
  },
  {
    name: 'MkbMqttDisconnected',
    expr: 'max by (bridge, instance) (mkb_mqtt_connected) == 0',
    for: '1m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} is not connected to its MQTT broker.',
    description: 'For a minute {{ $labels.instance }} has not been connected and subscribed, so it receives nothing.',
  },
  {
    name: 'MkbKafkaDisconnected',
    expr: 'max by (bridge, instance) (mkb_kafka_connected) == 0',
    for: '1m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} does not reach Kafka.',
    description:
      'For a minute {{ $labels.instance }} has had no connection to Kafka, or none to a broker that leads a topic of its document: what is for that broker is not delivered.',
  },
  {
    name: 'MkbPublisherOrConsumerDown',
    // Where the bridge has no connection at all, the two alerts above say so.
    expr: [
      '(min by (bridge, instance) (mkb_publisher_connected) == 0 or min by (bridge, instance) (mkb_consumer_joined) == 0)',
      'and max by (bridge, instance) (mkb_mqtt_connected) == 1',
      'and max by (bridge, instance) (mkb_kafka_connected) == 1',
    ].join(' '),
    for: '3m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary: 'Bridge {{ $labels.bridge }} reads no records from Kafka, or publishes no messages to MQTT.',
    description:
      'For three minutes the publisher of {{ $labels.instance }} has not been connected to MQTT, or its consumer has not been in its group, although the bridge reaches both brokers.',
  },
  {
    name: 'MkbBridgeDown',
    // `up` does not know which bridges a process runs; what it showed before it was gone does.
    expr: [
      `(up{job="${jobs.bridge}"} == 0) * on (job, instance) group_right () max by (job, instance, bridge) (last_over_time(mkb_messages_in_flight{job="${jobs.bridge}"}[1d]))`,
      `or on (job, instance) (up{job="${jobs.bridge}"} == 0)`,
      `or absent(up{job="${jobs.bridge}"})`,
    ].join(' '),
    for: '1m',
    severity: 'critical',
    dashboard: 'pipeline',
    summary:
      '{{ with $labels.bridge }}Bridge {{ . }}{{ else }}A bridge{{ end }} is down, or Prometheus cannot reach it.',
    description: 'Prometheus gets no metrics from {{ $labels.instance }} (job {{ $labels.job }}).',
  },
];
