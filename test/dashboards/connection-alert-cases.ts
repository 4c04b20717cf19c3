/** Stories of the alerts about a bridge's connections, as in alert-cases.ts. */
import { type AlertStories, critical, mkb, own, quiet, warning } from './support/story.ts';

/** Whether records can move from Kafka to MQTT, on a bridge that reaches both brokers by default. */
const publisherAndConsumer = (publisher: string, consumer: string, { mqtt = '1x20', kafka = '1x20' } = {}) => ({
  [mkb('publisher_connected')]: publisher,
  [mkb('consumer_joined')]: consumer,
  [mkb('mqtt_connected')]: mqtt,
  [mkb('kafka_connected')]: kafka,
});

export const connectionStories: readonly AlertStories[] = [
  {
    alert: 'MkbReloadFailed',
    stories: [
      {
        when: 'a document was refused, and nobody has repaired it for six minutes',
        series: { [mkb('config_last_reload_successful')]: '1x5 0x10' },
        at: '12m',
        firing: [{ ...own, ...warning }],
      },
      {
        when: 'a document was refused and is right a minute later',
        series: { [mkb('config_last_reload_successful')]: '1x5 0 1x10' },
        at: '12m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbReconnectStorm',
    stories: [
      {
        when: 'it connects every minute',
        series: { [mkb('mqtt_connections_total')]: '1+1x20' },
        at: '12m',
        firing: [{ ...own, ...warning }],
      },
      {
        when: 'its publisher connects every minute, and its session does not',
        series: { [mkb('mqtt_connections_total')]: '1x20', [mkb('publisher_connections_total')]: '1+1x20' },
        at: '12m',
        firing: [{ ...own, ...warning }],
      },
      {
        when: 'it was restarted twice and reconnected once',
        series: { [mkb('mqtt_connections_total')]: '1 1 1 1 1 0 1 1 1 0 1 2 2 2 2' },
        at: '12m',
        firing: quiet,
      },
    ],
  },
  {
    alert: 'MkbMqttDisconnected',
    stories: [
      {
        when: 'it has been disconnected for two minutes',
        series: { [mkb('mqtt_connected')]: '1x5 0x10' },
        at: '8m',
        firing: [{ ...own, ...critical }],
      },
      { when: 'it reconnects at once', series: { [mkb('mqtt_connected')]: '1x5 0 1x10' }, at: '8m', firing: quiet },
    ],
  },
  {
    alert: 'MkbKafkaDisconnected',
    stories: [
      {
        when: 'no Kafka broker has been reached for two minutes',
        series: { [mkb('kafka_connected')]: '1x5 0x10' },
        at: '8m',
        firing: [{ ...own, ...critical }],
      },
      { when: 'it reconnects at once', series: { [mkb('kafka_connected')]: '1x5 0 1x10' }, at: '8m', firing: quiet },
    ],
  },
  {
    alert: 'MkbPublisherOrConsumerDown',
    stories: [
      {
        when: 'the broker has refused the publisher for minutes, and not the session',
        series: publisherAndConsumer('1x5 0x15', '1x20'),
        at: '10m',
        firing: [{ ...own, ...critical }],
      },
      {
        when: 'the consumer of a bridge from Kafka to Kafka does not get into its group',
        series: {
          [mkb('consumer_joined')]: '1x5 0x15',
          [mkb('mqtt_connected')]: '1x20',
          [mkb('kafka_connected')]: '1x20',
        },
        at: '10m',
        firing: [{ ...own, ...critical }],
      },
      {
        when: 'the publisher of a bridge from MQTT to MQTT is refused',
        series: {
          [mkb('publisher_connected')]: '1x5 0x15',
          [mkb('mqtt_connected')]: '1x20',
          [mkb('kafka_connected')]: '1x20',
        },
        at: '10m',
        firing: [{ ...own, ...critical }],
      },
      {
        when: 'the consumer does not get into its group',
        series: publisherAndConsumer('1x20', '1x5 0x15'),
        at: '10m',
        firing: [{ ...own, ...critical }],
      },
      {
        when: 'one replica of two has no publisher',
        series: {
          ...publisherAndConsumer('1x20', '1x20'),
          'mkb_publisher_connected{bridge="b",instance="j",job="bridge"}': '0x20',
          'mkb_consumer_joined{bridge="b",instance="j",job="bridge"}': '1x20',
          'mkb_mqtt_connected{bridge="b",instance="j",job="bridge"}': '1x20',
          'mkb_kafka_connected{bridge="b",instance="j",job="bridge"}': '1x20',
        },
        at: '10m',
        firing: [{ bridge: 'b', instance: 'j', ...critical }],
      },
      {
        when: 'partitions are dealt out again, and the publisher reconnects',
        series: publisherAndConsumer('1x8 0 1x11', '1x5 0 0 1x12'),
        at: '10m',
        firing: quiet,
      },
      {
        when: 'MQTT is away, which has an alert of its own',
        series: publisherAndConsumer('1x5 0x15', '1x20', { mqtt: '1x5 0x15' }),
        at: '10m',
        firing: quiet,
      },
      {
        when: 'Kafka is away, which has an alert of its own',
        series: publisherAndConsumer('1x20', '1x5 0x15', { kafka: '1x5 0x15' }),
        at: '10m',
        firing: quiet,
      },
    ],
  },
];
