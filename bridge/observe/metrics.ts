/**
 * The bridge's metrics, as one table. The data path counts in plain numbers; they are read when Prometheus asks, all in one turn of the event
 * loop, so that received = delivered + dead-lettered + dropped + returned + in flight holds in each scrape, for each source.
 */
import { collectDefaultMetrics, type Histogram, type Registry } from 'prom-client';
import type { BoundRule } from '../flow/bound-rule.ts';
import { deliveryBuckets } from '../flow/delivery-histogram.ts';
import { bufferMetrics } from './buffer-metrics.ts';
import { configMetrics, registerBuildInfo } from './config-metrics.ts';
import { connectionMetrics } from './connection-metrics.ts';
import type { BridgeFigures } from './figures.ts';
import { listenerMetrics } from './listener-metrics.ts';
import { type MetricEntry, one, registerTable, type Sample } from './metric-table.ts';
import { sourceMetrics } from './source-metrics.ts';
import { tableMetrics } from './table-metrics.ts';
import { tapMetrics } from './tap-metrics.ts';

/** Every metric but the histogram `mkb_delivery_seconds`. docs/reference/metrics.md is generated from it. */
export const metricTable: readonly MetricEntry<BridgeFigures>[] = [
  ...sourceMetrics,
  {
    name: 'mkb_rule_matched_total',
    type: 'counter',
    help: 'Messages, or Kafka records, whose topic a rule matched.',
    labels: ['rule'],
    samples: ({ rules }) => rules.map(rule => [{ rule: rule.name }, rule.matched] as const),
  },
  {
    name: 'mkb_rule_passed_total',
    type: 'counter',
    help: 'Messages that a rule made a row of, or counted in a window: its WHERE let them pass.',
    labels: ['rule'],
    samples: ({ rules }) => rules.map(rule => [{ rule: rule.name }, rule.passed] as const),
  },
  {
    name: 'mkb_rule_failed_total',
    type: 'counter',
    help: "Messages for which a rule's SQL could not be worked out.",
    labels: ['rule'],
    samples: ({ rules }) => rules.map(rule => [{ rule: rule.name }, rule.failed] as const),
  },
  {
    name: 'mkb_window_rows_total',
    type: 'counter',
    help: 'Rows that the windows of a rule (GROUP BY) gave, each for every sink.',
    labels: ['rule'],
    samples: ({ rules }) => withWindows(rules).map(rule => [{ rule: rule.name }, rule.rows] as const),
  },
  {
    name: 'mkb_window_rows_failed_total',
    type: 'counter',
    help: 'Windows of a rule whose row could not be worked out.',
    labels: ['rule'],
    samples: ({ rules }) => withWindows(rules).map(rule => [{ rule: rule.name }, rule.rowsFailed] as const),
  },
  {
    name: 'mkb_events_forgotten_total',
    type: 'counter',
    help: 'Events ($events/...) that no rule got because a thousand others were waiting.',
    labels: [],
    samples: ({ events }) => one(events.forgotten),
  },
  {
    name: 'mkb_rule_state_entries',
    type: 'gauge',
    help: 'Entries that the windows of a rule hold. Messages that need more than the limit fail with rule-state-full.',
    labels: ['rule'],
    samples: ({ rules }) => withWindows(rules).map(({ name, windows }) => [{ rule: name }, windows.entries] as const),
  },
  {
    name: 'mkb_rule_state_limit_entries',
    type: 'gauge',
    help: 'The most entries that the windows of a rule may hold (state.maxEntries).',
    labels: ['rule'],
    samples: ({ rules }) =>
      withWindows(rules).map(({ name, windows }) => [{ rule: name }, windows.maxEntries] as const),
  },
  {
    name: 'mkb_rule_forgotten_values_total',
    type: 'counter',
    help: 'Values that CHANGED and DEDUP of a rule forgot because their memory was full (state.maxEntries): each may be reported once more.',
    labels: ['rule'],
    samples: ({ rules }) =>
      rules.filter(({ rule }) => rule.memories.length > 0).map(rule => [{ rule: rule.name }, forgotten(rule)] as const),
  },
  {
    name: 'mkb_sink_records_delivered_total',
    type: 'counter',
    help: 'Records that Kafka has, or messages that the MQTT broker has, per sink of a rule (its position, from 0).',
    labels: ['rule', 'sink'],
    samples: ({ rules }) =>
      rules.flatMap(rule =>
        rule.sinks.map((sink, at) => [{ rule: rule.name, sink: `${at}` }, sink.delivered] as const),
      ),
  },
  {
    name: 'mkb_sink_records_failed_total',
    type: 'counter',
    help: 'Records, or messages, that failed permanently, per sink of a rule.',
    labels: ['rule', 'sink'],
    samples: ({ rules }) =>
      rules.flatMap(rule => rule.sinks.map((sink, at) => [{ rule: rule.name, sink: `${at}` }, sink.failed] as const)),
  },
  {
    name: 'mkb_outcomes_total',
    type: 'counter',
    help: 'Records about what became of a message to MQTT (`outcome` of its sink): taken, nobody (subscribes), answered, too_late or refused.',
    labels: ['rule', 'sink', 'outcome'],
    samples: ({ rules }) =>
      rules.flatMap(rule =>
        rule.sinks.flatMap((sink, at) =>
          Object.entries(sink.outcome?.counts ?? {}).map(
            ([outcome, count]) => [{ rule: rule.name, sink: `${at}`, outcome }, count] as const,
          ),
        ),
      ),
  },
  {
    name: 'mkb_sink_keys_missing_total',
    type: 'counter',
    help: 'Records that a sink wrote without the key that it asks for, or with one that lacks a part, because the message had no value for it.',
    labels: ['rule', 'sink'],
    samples: ({ rules }) =>
      rules.flatMap(rule =>
        rule.sinks.map((sink, at) => [{ rule: rule.name, sink: `${at}` }, sink.writer.keysMissing] as const),
      ),
  },
  {
    name: 'mkb_rate_limited_seconds_total',
    type: 'counter',
    help: 'Time for which the rateLimit of a rule, or of a sink of it (its position, from 0), let nothing more pass: the sources that the rule reads were paused. Of the rule itself without the label sink.',
    labels: ['rule', 'sink'],
    samples: ({ rules }) => rules.flatMap(limitedSeconds),
  },
  {
    name: 'mkb_retried_errors_total',
    type: 'counter',
    help: 'Failures that are retried, by error code (docs/reference/errors.md).',
    labels: ['reason'],
    samples: ({ retried }) => [...retried].map(([reason, count]) => [{ reason }, count] as const),
  },
  {
    name: 'mkb_mqtt_connected',
    type: 'gauge',
    help: '1 while the session is connected and subscribed; of a bridge that does not read MQTT, while its publisher is connected.',
    labels: [],
    samples: ({ mqttConnected }) => one(mqttConnected ? 1 : 0),
  },
  {
    name: 'mkb_refused',
    type: 'gauge',
    help: '1 while something is refused to a part of the bridge (session, publisher, consumer) that only a person can change. It is retried all the same; the reason is the code of the error.',
    labels: ['part', 'reason'],
    samples: ({ refusals }) => refusals.map(([part, { code: reason }]) => [{ part, reason }, 1] as const),
  },
  {
    name: 'mkb_mqtt_connections_total',
    type: 'counter',
    help: 'Connections to the MQTT broker that were made; more than one means that it reconnected.',
    labels: [],
    samples: ({ mqttConnections }) => one(mqttConnections),
  },
  {
    name: 'mkb_kafka_connected',
    type: 'gauge',
    help: '1 while Kafka is connected, and each leader of the topics that the document names, or that records wait for, can be reached.',
    labels: [],
    samples: ({ kafkaConnected }) => one(kafkaConnected ? 1 : 0),
  },
  {
    name: 'mkb_window_limit_messages',
    type: 'gauge',
    help: 'The Receive Maximum: how many messages of QoS 1 and 2 the broker may send before it must wait for acknowledgements.',
    labels: [],
    samples: ({ receiveMaximum }) => one(receiveMaximum),
  },
  {
    name: 'mkb_window_messages',
    type: 'gauge',
    help: 'Messages of QoS 1 and 2 that the broker has sent and that are not acknowledged: they take up the window. With a buffer, those that are not yet safe in it.',
    labels: [],
    samples: ({ window }) => one(window?.unacknowledged ?? 0),
  },
  {
    name: 'mkb_acknowledgements_held_back',
    type: 'gauge',
    help: 'Messages that are safe and not yet acknowledged, because one before them is not: acknowledgements leave in order. They take up the window.',
    labels: [],
    samples: ({ window }) => one(window?.heldBack ?? 0),
  },
  {
    name: 'mkb_topic_waiting_seconds',
    type: 'gauge',
    help: 'For how long the oldest record has waited for a Kafka topic that does not take it; of the topics that the document names, 0 while none waits, and of the ten that have waited longest.',
    labels: ['topic'],
    samples: waitingSeconds,
  },
  {
    name: 'mkb_topics_made_total',
    type: 'counter',
    help: 'Kafka topics that were made because a template names them and they did not exist (`kafka.topicDefaults`).',
    labels: [],
    samples: ({ topicsMade }) => one(topicsMade),
  },
  {
    name: 'mkb_transactions_total',
    type: 'counter',
    help: 'Transactions of Kafka that ended, with `guarantee: exactlyOnce`: committed, or aborted and made again.',
    labels: ['outcome'],
    samples: ({ transactions = {} }) =>
      Object.entries(transactions).map(([outcome, count]) => [{ outcome }, count] as const),
  },
  {
    name: 'mkb_buffer_bytes',
    type: 'gauge',
    help: 'Memory that undelivered records hold: batches, records that wait for a topic, payloads kept for dead letters.',
    labels: [],
    samples: ({ bufferedBytes }) => one(bufferedBytes),
  },
  {
    name: 'mkb_buffer_limit_bytes',
    type: 'gauge',
    help: 'What mkb_buffer_bytes may come to before reading stops: delivery.buffer.maxBytes for each of Kafka and MQTT that rules write to.',
    labels: [],
    samples: ({ bufferLimitBytes }) => one(bufferLimitBytes),
  },
  ...bufferMetrics,
  ...connectionMetrics,
  ...listenerMetrics,
  ...configMetrics,
  ...tableMetrics,
  ...tapMetrics,
];

/** Of a named topic also 0, so that a query has an answer before the first trouble; of others only what there is, since they may be many. */
function waitingSeconds({ namedTopics, waits }: BridgeFigures): Sample[] {
  const seconds = new Map(waits.map(wait => [wait.topic, wait.seconds]));
  const topics = new Set([...namedTopics, ...waits.slice(0, 10).map(({ topic }) => topic)]);
  return [...topics].map(topic => [{ topic }, seconds.get(topic) ?? 0]);
}

function limitedSeconds({ name, limits }: BoundRule): Sample[] {
  const ofSinks = limits.sinks.flatMap((limit, at) =>
    limit ? [[{ rule: name, sink: `${at}` }, limit.seconds] as const] : [],
  );
  return limits.rule === undefined ? ofSinks : [[{ rule: name }, limits.rule.seconds], ...ofSinks];
}

const withWindows = (rules: readonly BoundRule[]) =>
  rules.flatMap(rule => {
    const { name, windows, rows, rowsFailed } = rule;
    return windows === undefined ? [] : [{ name, windows, rows, rowsFailed }];
  });

const forgotten = ({ rule }: BoundRule): number => rule.memories.reduce((sum, { memory }) => sum + memory.forgotten, 0);

export const deliveryHistogramName = 'mkb_delivery_seconds';
export const deliveryHistogramHelp =
  'Time from reading a message to the last acknowledgement, by Kafka or the MQTT broker, of what was made of it.';

/** Registers all metrics. `bridges` is asked at each scrape. */
export function registerMetrics(registry: Registry, bridges: () => Iterable<BridgeFigures>): void {
  const shown = () => Array.from(bridges(), figures => [figures, { bridge: figures.name }] as const);
  registerTable(registry, metricTable, ['bridge'], shown);
  registry.registerMetric(new DeliveryHistogramMetric(bridges) as unknown as Histogram);
  registerBuildInfo(registry);
  collectDefaultMetrics({ register: registry });
}

/** prom-client observes one value at a time, which would cost as much as all the rest of a message; here whole buckets are shown. */
class DeliveryHistogramMetric {
  readonly name = deliveryHistogramName;
  readonly help = deliveryHistogramHelp;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #bridges: () => Iterable<BridgeFigures>;

  constructor(bridges: () => Iterable<BridgeFigures>) {
    this.#bridges = bridges;
  }

  async get() {
    const values: { metricName: string; labels: Record<string, string | number>; value: number }[] = [];
    for (const { name: bridge, sources } of this.#bridges()) {
      for (const { name: source, account } of sources) {
        const { histogram } = account;
        const labels = { bridge, source };
        let count = 0;
        for (const [index, inBucket] of histogram.counts.entries()) {
          count += inBucket;
          const le = deliveryBuckets[index] ?? '+Inf';
          values.push({ metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: count });
        }
        values.push({ metricName: `${this.name}_sum`, labels, value: histogram.sumSeconds });
        values.push({ metricName: `${this.name}_count`, labels, value: count });
      }
    }
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  reset(): void {}
}
