/** Metrics of records: of a bridge that reads from Kafka, and of one that publishes to MQTT. */
import { dropReasons } from '../flow/outcome.ts';
import type { BridgeFigures, KafkaSourceFigures, MqttSinkFigures } from './figures.ts';
import type { MetricEntry } from './metric-table.ts';

const read = ({ kafkaSource }: BridgeFigures, value: (figures: KafkaSourceFigures) => number) =>
  kafkaSource === undefined ? [] : [[{}, value(kafkaSource)] as const];

const published = ({ mqttSink }: BridgeFigures, value: (figures: MqttSinkFigures) => number) =>
  mqttSink === undefined ? [] : [[{}, value(mqttSink)] as const];

export const recordMetrics: readonly MetricEntry<BridgeFigures>[] = [
  {
    name: 'mkb_records_read_total',
    type: 'counter',
    help: 'Records that were read from Kafka. Always the sum of delivered, dead-lettered, dropped, returned and in flight.',
    labels: [],
    samples: figures => read(figures, ({ account }) => account.received),
  },
  {
    name: 'mkb_records_delivered_total',
    type: 'counter',
    help: 'Records of which every message is at the MQTT broker, and every record made of it in Kafka.',
    labels: [],
    samples: figures => read(figures, ({ account }) => account.count('delivered')),
  },
  {
    name: 'mkb_records_dead_lettered_total',
    type: 'counter',
    help: 'Records that failed permanently and are in the dead-letter topic.',
    labels: [],
    samples: figures => read(figures, ({ account }) => account.count('dead_lettered')),
  },
  {
    name: 'mkb_records_dropped_total',
    type: 'counter',
    help: 'Records that went nowhere. The reasons filtered (WHERE said no) and aggregated (it only counts in a window) are intended; all others are losses.',
    labels: ['reason'],
    samples: ({ kafkaSource }) =>
      dropReasons.flatMap(reason => (kafkaSource ? [[{ reason }, kafkaSource.account.count(reason)] as const] : [])),
  },
  {
    name: 'mkb_records_returned_total',
    type: 'counter',
    help: 'Records that were given back while in flight because their partition went to another member of the group, which reads them again.',
    labels: [],
    samples: figures => read(figures, ({ account }) => account.returned),
  },
  {
    name: 'mkb_records_in_flight',
    type: 'gauge',
    help: 'Records that have no outcome yet. Their offsets are not committed.',
    labels: [],
    samples: figures => read(figures, ({ account }) => account.inFlight),
  },
  {
    name: 'mkb_records_unheard_total',
    type: 'counter',
    help: 'Messages made of records that the MQTT broker took although nobody subscribes to their topic (MQTT 5, brokers that report it).',
    labels: [],
    samples: figures => read(figures, ({ account }) => account.unheard),
  },
  {
    name: 'mkb_records_traces_omitted_total',
    type: 'counter',
    help: 'Headers traceparent and tracestate that are no trace context (W3C), or too long for MQTT, and were left out of messages.',
    labels: [],
    samples: figures => published(figures, ({ tracesOmitted }) => tracesOmitted),
  },
  {
    name: 'mkb_consumer_joined',
    type: 'gauge',
    help: '1 while the bridge is a member of its consumer group.',
    labels: [],
    samples: figures => read(figures, ({ joined }) => (joined ? 1 : 0)),
  },
  {
    name: 'mkb_consumer_partitions',
    type: 'gauge',
    help: 'Partitions that the group has given to this bridge.',
    labels: [],
    samples: figures => read(figures, ({ partitions }) => partitions.length),
  },
  {
    name: 'mkb_consumer_strangers',
    type: 'gauge',
    help: 'Members of the consumer group that are no replicas of this bridge: each of them gets a part of the records.',
    labels: [],
    samples: figures => read(figures, ({ strangers }) => strangers.length),
  },
  {
    name: 'mkb_consumer_partitions_held',
    type: 'gauge',
    help: 'Partitions of this bridge that cannot be read now: a batch is damaged, access is denied, or there is no leader.',
    labels: [],
    samples: figures => read(figures, ({ partitionsHeld }) => partitionsHeld.length),
  },
  {
    name: 'mkb_publisher_connected',
    type: 'gauge',
    help: '1 while the publisher is connected to the MQTT broker.',
    labels: [],
    samples: figures => published(figures, ({ connected }) => (connected ? 1 : 0)),
  },
  {
    name: 'mkb_publisher_connections_total',
    type: 'counter',
    help: 'Connections of the publisher to the MQTT broker that were made.',
    labels: [],
    samples: figures => published(figures, ({ connections }) => connections),
  },
];
