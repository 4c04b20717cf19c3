/** The lower rows of Pipeline: where messages wait, and why. */
import { BytesIEC, NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { objective } from './alerts/delivery-objective.ts';
import type { Row } from './frame.ts';
import { atLeast, each, graph, rising, timeline, upOrDown } from './panels.ts';
import {
  chosenBridge as chosen,
  chosenSource,
  deliveryQuantile,
  jobs,
  orZero,
  perSecond,
  slowPart,
  windowInUse,
} from './promql.ts';

/** Only of bridges that are read: what is recorded over hours goes on for hours after a bridge. */
const burnt = (window: string): string =>
  `max(bridge_source:mkb_delivery_slow:ratio_rate${window}{${chosenSource}} and on (bridge) mkb_mqtt_connected{${chosen}}) / ${objective.slowPart}`;

/** While nothing is delivered there is no time to show; a logarithmic axis draws 0, and what is no number, as a line that falls to its end. */
const shown = (quantile: string): string => `${quantile} > 0`;

export const deliveryTime: Row = {
  title: 'Delivery time',
  panels: [
    graph({
      title: 'From reading to the last acknowledgement',
      description:
        'How long messages take from being read to the last acknowledgement, by Kafka or the MQTT broker, of what was made of them: the median, and the slowest 5 and 1 of 100, by source.',
      unit: Seconds,
      width: 12,
      logarithmic: true,
      thresholds: rising(objective.seconds / 4, objective.seconds),
      queries: [
        { expr: shown(deliveryQuantile(0.5, chosenSource)), legend: '{{source}} p50' },
        { expr: shown(deliveryQuantile(0.95, chosenSource)), legend: '{{source}} p95' },
        { expr: shown(deliveryQuantile(0.99, chosenSource)), legend: '{{source}} p99' },
      ],
    }),
    graph({
      title: `Slower than ${objective.seconds} s`,
      description: `The part of messages that took longer than the objective allows (${objective.seconds} s), by bridge and source; only of those from MQTT and Kafka. At most ${objective.slowPart * 100} % of a month’s messages may.`,
      unit: PercentUnit,
      width: 6,
      softMax: 20 * objective.slowPart,
      thresholds: rising(objective.slowPart, 14.4 * objective.slowPart),
      queries: [
        { expr: slowPart(objective.seconds, '$__rate_interval', chosenSource), legend: '{{bridge}} {{source}}' },
      ],
    }),
    graph({
      title: 'Use of the error budget',
      description:
        'How fast slow messages use up what the objective allows: 1 uses a month’s budget in a month, 14.4 uses it in two days, and alerts.',
      unit: Short,
      width: 6,
      thresholds: rising(1, 14.4),
      queries: [
        {
          expr: burnt('5m'),
          legend: 'over 5 minutes',
        },
        {
          expr: burnt('1h'),
          legend: 'over 1 hour',
        },
        {
          expr: burnt('6h'),
          legend: 'over 6 hours',
        },
      ],
    }),
  ],
};

export const backPressure: Row = {
  title: 'Back-pressure and connections',
  folded: true,
  panels: [
    graph({
      title: 'Window in use',
      description:
        'Messages from MQTT that are not acknowledged, and of these the ones that are safe and held back by one before them, as a part of the Receive Maximum, which is how many the broker may send unacknowledged. At 100 % the broker waits for the bridge, and keeps the backlog.',
      unit: PercentUnit,
      width: 6,
      thresholds: rising(0.7, 0.9),
      queries: [
        {
          expr: windowInUse(chosen),
          legend: '{{bridge}} {{instance}}',
        },
        {
          expr: `mkb_acknowledgements_held_back{${chosen}} / mkb_window_limit_messages{${chosen}}`,
          legend: '{{bridge}} {{instance}} held back',
        },
      ],
    }),
    graph({
      title: 'Memory of undelivered records',
      description:
        'What records hold that Kafka or the MQTT broker has not acknowledged yet, as a part of what they may (delivery.buffer.maxBytes; 64 MiB with a buffer on disk). At 100 % the bridge stops reading.',
      unit: PercentUnit,
      width: 6,
      thresholds: rising(0.7, 0.9),
      queries: [
        {
          expr: `mkb_buffer_bytes{${chosen}} / mkb_buffer_limit_bytes{${chosen}}`,
          legend: '{{bridge}} {{instance}}',
        },
      ],
    }),
    graph({
      title: 'Reading held back',
      description:
        'The part of the time in which a source was asked to hand over nothing, because a buffer was full or a rule waited for an answer.',
      unit: PercentUnit,
      width: 6,
      queries: [
        {
          expr: `sum by (bridge, instance, source) (rate(mkb_paused_seconds_total{${chosenSource}}[$__rate_interval]))`,
          legend: '{{bridge}} {{instance}} {{source}}',
        },
      ],
    }),
    graph({
      title: 'Retried errors',
      description:
        'Failures that are retried, and so lose nothing, per second and by error code (docs/reference/errors.md). “none” when there has been none.',
      unit: each('errors/s'),
      width: 6,
      bars: true,
      queries: [
        {
          expr: orZero(
            perSecond('mkb_retried_errors_total', 'reason', chosen),
            'reason',
            'none',
            `mkb_mqtt_connected{${chosen}}`,
          ),
          legend: '{{reason}}',
        },
      ],
    }),
    timeline({
      title: 'Connections',
      description: 'Whether each bridge is connected to MQTT and to Kafka.',
      unit: NoUnit,
      width: 6,
      height: 6,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [
        { expr: `min by (bridge, instance) (mkb_mqtt_connected{${chosen}})`, legend: '{{bridge}} {{instance}} MQTT' },
        { expr: `min by (bridge, instance) (mkb_kafka_connected{${chosen}})`, legend: '{{bridge}} {{instance}} Kafka' },
      ],
    }),
    graph({
      title: 'Waits for a topic',
      description:
        'For how long the oldest record has waited for a Kafka topic that does not take it, by topic. All acknowledgements of later messages wait with it.',
      unit: Seconds,
      width: 12,
      height: 6,
      thresholds: rising(10, 60),
      queries: [
        {
          expr: `max by (bridge, instance, topic) (mkb_topic_waiting_seconds{${chosen}})`,
          legend: '{{bridge}} {{instance}} {{topic}}',
        },
      ],
    }),
    graph({
      title: 'Connections made to MQTT',
      description: 'One for each start; more mean that the connection was lost and made again.',
      unit: Short,
      width: 6,
      height: 6,
      bars: true,
      queries: [
        {
          expr: `sum by (bridge, instance) (increase(mkb_mqtt_connections_total{${chosen}}[$__rate_interval]))`,
          legend: '{{bridge}} {{instance}}',
        },
      ],
    }),
  ],
};

export const process: Row = {
  title: 'The process',
  folded: true,
  panels: [
    graph({
      title: 'Processor',
      description: 'Cores in use by the bridge’s process. One is the most that its data path can use.',
      unit: Short,
      width: 8,
      queries: [
        { expr: `rate(process_cpu_seconds_total{job="${jobs.bridge}"}[$__rate_interval])`, legend: '{{instance}}' },
      ],
    }),
    graph({
      title: 'Memory',
      description:
        'Resident memory of the bridge’s process. It stays flat when Kafka is down: the broker keeps the backlog.',
      unit: BytesIEC,
      width: 8,
      queries: [{ expr: `process_resident_memory_bytes{job="${jobs.bridge}"}`, legend: '{{instance}}' }],
    }),
    graph({
      title: 'Event loop delay, p99',
      description:
        'How long the process makes its own work wait. Above a tenth of a second it has more to do than it can.',
      unit: Seconds,
      width: 8,
      thresholds: rising(0.1, 1),
      queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{job="${jobs.bridge}"}`, legend: '{{instance}}' }],
    }),
  ],
};
