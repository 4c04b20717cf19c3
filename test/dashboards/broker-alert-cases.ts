/** Stories of the alerts about MQTT brokers and Kafka, as in alert-cases.ts. */
import type { AlertStories } from './support/story.ts';

const critical = { severity: 'critical' };
const warning = { severity: 'warning' };
const quiet = [] as const;

export const brokerStories: readonly AlertStories[] = [
  {
    alert: 'MqttBrokerDown',
    stories: [
      {
        when: 'the exporter cannot connect for two minutes',
        series: { 'mqtt_broker_up{target="t"}': '1x5 0x10' },
        at: '8m',
        firing: [{ target: 't', ...critical }],
      },
      {
        when: 'it reconnects at once',
        series: { 'mqtt_broker_up{target="t"}': '1x5 0 1x10' },
        at: '8m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MqttProbeFailing',
    stories: [
      {
        when: 'the broker is up and the probe does not come back',
        series: { 'mqtt_probe_success{target="t"}': '1x5 0x10', 'mqtt_broker_up{target="t"}': '1x15' },
        at: '8m',
        firing: [{ target: 't', ...critical }],
      },
      {
        when: 'the broker is down, which has an alert of its own',
        series: { 'mqtt_probe_success{target="t"}': '1x5 0x10', 'mqtt_broker_up{target="t"}': '1x5 0x10' },
        at: '8m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MqttBrokerLosesMessages',
    stories: [
      {
        when: 'one node of a cluster has such a version',
        series: {
          'emqx_durable_sessions_unsafe{target="t",node="a",version="5.8.8"}': '1x15',
          'emqx_durable_sessions_unsafe{target="t",node="b",version="5.8.0"}': '0x15',
        },
        at: '8m',
        firing: [{ target: 't', version: '5.8.8', ...critical }],
      },
      {
        when: 'its sessions are in memory',
        series: { 'emqx_durable_sessions_unsafe{target="t",node="a",version="5.8.8"}': '0x15' },
        at: '8m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MqttBrokerDropsMessages',
    stories: [
      {
        when: 'the queue of a client is full',
        series: { 'mqtt_broker_messages_dropped_total{target="t",node="",reason="queue_full"}': '0x5 9x10' },
        at: '7m',
        firing: [{ target: 't', reason: 'queue_full', ...warning }],
      },
      {
        when: 'nobody has subscribed',
        series: { 'mqtt_broker_messages_dropped_total{target="t",node="",reason="no_subscribers"}': '0+9x15' },
        at: '7m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'EmqxApiDown',
    stories: [
      {
        when: 'it gives no figures for five minutes',
        series: { 'emqx_api_up{target="m"}': '1x5 0x10' },
        at: '10m',
        firing: [{ target: 'm', ...warning }],
      },
      { when: 'one answer is missing', series: { 'emqx_api_up{target="m"}': '1x5 0 1x10' }, at: '8m', firing: quiet },
    ],
  },
  {
    alert: 'EmqxNodeDown',
    stories: [
      {
        when: 'one of two nodes does not run',
        series: { 'emqx_node_up{target="m",node="a"}': '1x15', 'emqx_node_up{target="m",node="b"}': '1x5 0x10' },
        at: '8m',
        firing: [{ target: 'm', node: 'b', ...critical }],
      },
      {
        when: 'a node restarts within a minute',
        series: { 'emqx_node_up{target="m",node="a"}': '1x5 0 1x10' },
        at: '8m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'KafkaDown',
    stories: [
      {
        when: 'no broker answers for two minutes',
        series: { 'kafka_up{target="k"}': '1x5 0x10' },
        at: '8m',
        firing: [{ target: 'k', ...critical }],
      },
      { when: 'one answer is missing', series: { 'kafka_up{target="k"}': '1x5 0 1x10' }, at: '8m', firing: quiet },
    ],
  },
  {
    alert: 'KafkaPartitionWithoutLeader',
    stories: [
      {
        when: 'one of two partitions has no leader',
        series: {
          'kafka_topic_leaderless_partitions{target="k",topic="t"}': '0x5 1x10',
          'kafka_topic_leaderless_partitions{target="k",topic="other"}': '0x15',
        },
        at: '8m',
        firing: [{ target: 'k', topic: 't', ...critical }],
      },
      {
        when: 'the leader changes',
        series: { 'kafka_topic_leaderless_partitions{target="k",topic="t"}': '0x5 1 0x10' },
        at: '8m',
        firing: quiet,
      },
      {
        when: 'Kafka goes down altogether, and nothing is seen of its topics',
        series: { 'kafka_topic_leaderless_partitions{target="k",topic="t"}': '0x5 1x3 stale' },
        at: '13m',
        firing: [{ target: 'k', topic: 't', ...critical }],
      },
    ],
  },
  {
    alert: 'KafkaUnderReplicated',
    stories: [
      {
        when: 'a copy has been missing for ten minutes',
        series: { 'kafka_topic_under_replicated_partitions{target="k",topic="t"}': '0x5 1x10' },
        at: '15m',
        firing: [{ target: 'k', topic: 't', ...warning }],
      },
      {
        when: 'a broker restarts within two minutes',
        series: { 'kafka_topic_under_replicated_partitions{target="k",topic="t"}': '0x5 1 1 0x10' },
        at: '10m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'KafkaConsumerLag',
    stories: [
      {
        when: 'a group is two minutes behind, and stays so',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="g",topic="t"}': '120x15' },
        at: '8m',
        firing: [{ target: 'k', group: 'g', topic: 't', ...warning }],
      },
      {
        when: 'Kafka goes down while it is behind, and nothing is seen of it',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="g",topic="t"}': '120x8 stale' },
        at: '13m',
        firing: [{ target: 'k', group: 'g', topic: 't', ...warning }],
      },
      {
        when: 'it has caught up ten minutes ago',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="g",topic="t"}': '120x8 0x20' },
        at: '20m',
        firing: quiet,
      },
      {
        when: 'it catches up within five minutes',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="g",topic="t"}': '120x3 1x12' },
        at: '8m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbExporterDown',
    stories: [
      {
        when: 'Prometheus does not reach it',
        series: { 'up{job="exporter",instance="i"}': '1x5 0x10' },
        at: '9m',
        firing: [{ job: 'exporter', instance: 'i', ...warning }],
      },
      { when: 'it answers', series: { 'up{job="exporter",instance="i"}': '1x15' }, at: '9m', firing: quiet },
    ],
  },
];
