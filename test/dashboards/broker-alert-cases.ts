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
    alert: 'MqttBrokerQueueFilling',
    stories: [
      {
        when: 'a bridge is down and the queue of its client is full in ten minutes',
        series: {
          'mqtt_client_queue_messages{target="t",client="c"}': '0+50x20',
          'mqtt_client_queue_limit_messages{target="t",client="c"}': '1000x20',
        },
        at: '12m',
        firing: [{ target: 't', client: 'c', ...critical }],
      },
      {
        when: 'it has been full for half an hour, and grows no more',
        series: {
          'mqtt_client_queue_messages{target="t",client="c"}': '1000x30',
          'mqtt_client_queue_limit_messages{target="t",client="c"}': '1000x30',
        },
        at: '29m',
        firing: [{ target: 't', client: 'c', ...critical }],
      },
      {
        when: 'all that waits in Mosquitto comes near the limit of its document',
        series: {
          'mqtt_broker_stored_messages{target="t",node=""}': '300+30x20',
          'mqtt_broker_queue_limit_messages{target="t",node=""}': '1000x20',
        },
        at: '12m',
        firing: [{ target: 't', ...critical }],
      },
      {
        when: 'Mosquitto uses up the memory of its container',
        series: {
          'mqtt_broker_heap_bytes{target="t",node=""}': '30000000+4000000x20',
          'mqtt_broker_memory_limit_bytes{target="t",node=""}': '134217728x20',
        },
        at: '12m',
        firing: [{ target: 't', ...critical }],
      },
      {
        when: 'the broker dies meanwhile, and nothing is seen of its queue',
        series: {
          'mqtt_client_queue_messages{target="t",client="c"}': '0+50x12 stale',
          'mqtt_client_queue_limit_messages{target="t",client="c"}': '1000x12 stale',
        },
        at: '18m',
        firing: [{ target: 't', client: 'c', ...critical }],
      },
      {
        when: 'it grows, and has a day to go',
        series: {
          'mqtt_client_queue_messages{target="t",client="c"}': '30000+50x20',
          'mqtt_client_queue_limit_messages{target="t",client="c"}': '100000x20',
        },
        at: '18m',
        firing: quiet,
      },
      {
        when: 'it grows fast and is nearly empty',
        series: {
          'mqtt_client_queue_messages{target="t",client="c"}': '0+50x20',
          'mqtt_client_queue_limit_messages{target="t",client="c"}': '10000x20',
        },
        at: '18m',
        firing: quiet,
      },
      {
        when: 'it drains',
        series: {
          'mqtt_client_queue_messages{target="t",client="c"}': '900-10x20',
          'mqtt_client_queue_limit_messages{target="t",client="c"}': '1000x20',
        },
        at: '18m',
        firing: quiet,
      },
      {
        when: 'it was near its limit, and has been empty for a quarter of an hour',
        series: {
          'mqtt_client_queue_messages{target="t",client="c"}': '0+90x9 0x30',
          'mqtt_client_queue_limit_messages{target="t",client="c"}': '1000x40',
        },
        at: '33m',
        firing: quiet,
      },
      {
        when: 'no limit is known',
        series: { 'mqtt_client_queue_messages{target="t",client="c"}': '0+5000x20' },
        at: '18m',
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
        when: 'it is the group of a replay, whose letters may stay open',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="b-dead-letters",topic="t"}': '120x15' },
        at: '8m',
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
    alert: 'MkbReplayStuck',
    stories: [
      {
        when: 'a replay stopped in the middle, and letters have been open for more than a day',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="b-dead-letters",topic="t"}': '90000x90' },
        at: '80m',
        firing: [{ target: 'k', group: 'b-dead-letters', topic: 't', ...warning }],
      },
      {
        when: 'letters came an hour ago, which has an alert of its own',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="b-dead-letters",topic="t"}': '3600x90' },
        at: '80m',
        firing: quiet,
      },
      {
        when: 'it is another group that is so far behind',
        series: { 'kafka_consumer_group_lag_seconds{target="k",group="consumers",topic="t"}': '90000x90' },
        at: '80m',
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
