/** Metrics of a bridge's consumer, if rules read Kafka, and of its publisher, if rules write to MQTT. */
import type { BridgeFigures, KafkaSourceFigures, MqttSinkFigures } from './figures.ts';
import type { MetricEntry } from './metric-table.ts';

const consumer = ({ kafkaSource }: BridgeFigures, value: (figures: KafkaSourceFigures) => number) =>
  kafkaSource === undefined ? [] : [[{}, value(kafkaSource)] as const];

const publisher = ({ mqttSink }: BridgeFigures, value: (figures: MqttSinkFigures) => number) =>
  mqttSink === undefined ? [] : [[{}, value(mqttSink)] as const];

export const connectionMetrics: readonly MetricEntry<BridgeFigures>[] = [
  {
    name: 'mkb_publisher_traces_omitted_total',
    type: 'counter',
    help: 'Headers traceparent and tracestate that are no trace context (W3C), or too long for MQTT, and were left out of messages.',
    labels: [],
    samples: figures => publisher(figures, ({ tracesOmitted }) => tracesOmitted),
  },
  {
    name: 'mkb_answers_waiting',
    type: 'gauge',
    help: 'Messages to MQTT that wait for an answer (outcome.answerWithin), or are on their way and will. No more are sent at mqtt.receiveMaximum of them.',
    labels: [],
    samples: figures => publisher(figures, ({ answersWaiting }) => answersWaiting),
  },
  {
    name: 'mkb_answers_unexpected_total',
    type: 'counter',
    help: 'Answers that came too late, twice, or to nothing that was asked.',
    labels: [],
    samples: figures => publisher(figures, ({ answersUnexpected }) => answersUnexpected),
  },
  {
    name: 'mkb_publisher_headers_omitted_total',
    type: 'counter',
    help: 'Headers of records that MQTT cannot carry, and that were left out of messages of sinks with mqttProperties.',
    labels: [],
    samples: figures => publisher(figures, ({ headersOmitted }) => headersOmitted),
  },
  {
    name: 'mkb_consumer_joined',
    type: 'gauge',
    help: '1 while the bridge is a member of its consumer group.',
    labels: [],
    samples: figures => consumer(figures, ({ joined }) => (joined ? 1 : 0)),
  },
  {
    name: 'mkb_consumer_partitions',
    type: 'gauge',
    help: 'Partitions that the group has given to this bridge.',
    labels: [],
    samples: figures => consumer(figures, ({ partitions }) => partitions.length),
  },
  {
    name: 'mkb_consumer_strangers',
    type: 'gauge',
    help: 'Members of the consumer group that are no replicas of this bridge: each of them gets a part of the records.',
    labels: [],
    samples: figures => consumer(figures, ({ strangers }) => strangers.length),
  },
  {
    name: 'mkb_consumer_partitions_held',
    type: 'gauge',
    help: 'Partitions of this bridge that cannot be read now: a batch is damaged, access is denied, or there is no leader.',
    labels: [],
    samples: figures => consumer(figures, ({ partitionsHeld }) => partitionsHeld.length),
  },
  {
    name: 'mkb_publisher_connected',
    type: 'gauge',
    help: '1 while the publisher is connected to the MQTT broker.',
    labels: [],
    samples: figures => publisher(figures, ({ connected }) => (connected ? 1 : 0)),
  },
  {
    name: 'mkb_publisher_connections_total',
    type: 'counter',
    help: 'Connections of the publisher to the MQTT broker that were made.',
    labels: [],
    samples: figures => publisher(figures, ({ connections }) => connections),
  },
];
