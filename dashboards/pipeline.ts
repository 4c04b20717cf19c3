/**
 * Pipeline: are messages lost or late? The first row answers in one look: everything green means no, and grey that nobody knows. The rows below say where and why.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { MessagesPerSecond, NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { objective } from './alerts/delivery-objective.ts';
import { intendedColors, lossColors, sourceColors } from './colors.ts';
import { consumerAndPublisher } from './consumer-and-publisher.ts';
import { firingAlerts, firingTable } from './firing.ts';
import { dashboard, labelVariable, linkTo, type Row } from './frame.ts';
import {
  anyOrNone,
  atLeast,
  belowZero,
  blue,
  graph,
  green,
  grey,
  noneAllowed,
  red,
  rising,
  stat,
  upOrDown,
  yellow,
} from './panels.ts';
import { buffer, oldestInBuffer, oldestInBufferBySource } from './pipeline-buffer.ts';
import { backPressure, deliveryTime, process } from './pipeline-details.ts';
import { ruleState, rules } from './pipeline-rules.ts';
import {
  chosenSource as chosen,
  chosenBridge,
  counted,
  deliveryQuantile,
  jobs,
  leftOut,
  lost,
  perSecond,
  timedSources,
  unaccounted,
  windowInUse,
} from './promql.ts';
import { runbookOf } from './runbook-link.ts';
import { uids } from './uids.ts';

const colors = {
  received: blue,
  delivered: green,
  'dead-lettered': yellow,
  lost: red,
  'left out by a rule': grey,
};

const perSource = '{{bridge}} {{instance}} {{source}}';

/** How long the oldest message in flight has waited, coloured from where it is no longer usual. */
const waiting = rising(10, 60);

const rate = (name: string): string => `sum(rate(mkb_messages_${name}{${chosen}}[$__rate_interval]))`;
const oldest = (matchers: string): string => `max by (source) (mkb_oldest_in_flight_seconds{${matchers}})`;
const timed = `${chosenBridge},${timedSources}`;
const late = [oldestInBufferBySource, oldest(timed)].map(age => `${age} > ${objective.seconds}`).join(' or ');

const verdict: Row = {
  title: 'Are messages lost or late?',
  panels: [
    stat({
      title: 'Lost',
      description:
        'Messages dropped in the time shown, and at least in the last hour, for any reason but a rule’s own will, of all sources. Anything but 0 is a loss: see Lost, by reason.',
      unit: NoUnit,
      decimals: 0,
      width: 3,
      thresholds: noneAllowed,
      links: [runbookOf('MkbMessagesLost')],
      queries: [{ expr: counted(lost(chosen)), legend: 'lost' }],
    }),
    stat({
      title: 'Dead-lettered',
      description:
        'Messages in the time shown, and at least in the last hour, that failed permanently and are in the dead-letter topic, with the reason in their headers. They are not lost, and somebody must look.',
      unit: NoUnit,
      decimals: 0,
      width: 3,
      thresholds: [
        { value: null, color: green },
        { value: 1e-9, color: yellow },
      ],
      links: [runbookOf('MkbMessagesDeadLettered')],
      queries: [{ expr: counted(`mkb_messages_dead_lettered_total{${chosen}}`), legend: 'dead-lettered' }],
    }),
    stat({
      title: 'Oldest in flight',
      description:
        'For how long the oldest message that has no outcome yet has been on its way; and, of bridges with a buffer, in the buffer. It grows by a second each second while what messages are written to is down.',
      unit: Seconds,
      width: 3,
      thresholds: waiting,
      links: [runbookOf('MkbMessageStuck')],
      queries: [
        { expr: `max(mkb_oldest_in_flight_seconds{${chosen}})`, legend: 'in flight' },
        { expr: oldestInBuffer, legend: 'in the buffer' },
      ],
    }),
    stat({
      title: 'Delivery time, p99',
      description: `99 of 100 messages were delivered within this time of being read from MQTT or Kafka; or, while one waits for longer than the objective of ${objective.seconds} s, for how long, in a buffer as well. Red above the objective.`,
      unit: Seconds,
      width: 3,
      thresholds: rising(objective.seconds / 4, objective.seconds),
      links: [runbookOf('MkbDeliverySlow')],
      queries: [{ expr: `${late} or ${deliveryQuantile(0.99, timed)}`, legend: '{{source}}' }],
    }),
    stat({
      title: 'Connected',
      description:
        'Whether Prometheus reads every bridge, and whether each is connected and subscribed to its MQTT broker, and connected to Kafka.',
      unit: NoUnit,
      width: 3,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      links: [linkTo(uids.broker, 'MQTT broker'), linkTo(uids.kafka, 'Kafka')],
      queries: [
        { expr: `min(up{job="${jobs.bridge}"})`, legend: 'Bridge' },
        { expr: `min(mkb_mqtt_connected{${chosenBridge}})`, legend: 'MQTT' },
        { expr: `min(mkb_kafka_connected{${chosenBridge}})`, legend: 'Kafka' },
      ],
    }),
    firingTable(9, 8),
    stat({
      title: 'Unaccounted for',
      description:
        'Received less delivered, dead-lettered, dropped, returned and in flight. It is 0 at every moment, for each source; anything else is a fault of the bridge.',
      unit: NoUnit,
      decimals: 0,
      width: 3,
      thresholds: noneAllowed,
      links: [runbookOf('MkbAccountsDoNotBalance')],
      queries: [{ expr: `sum(abs(${unaccounted(chosen)}))`, legend: 'unaccounted' }],
    }),
    stat({
      title: 'Received',
      description: 'Messages per second that sources handed over: from MQTT, from Kafka, events, rows of windows.',
      unit: MessagesPerSecond,
      width: 3,
      thresholds: anyOrNone(blue),
      queries: [{ expr: rate('received_total'), legend: 'received' }],
    }),
    stat({
      title: 'Delivered',
      description:
        'Messages per second of which Kafka, or the MQTT broker, has acknowledged everything that was made of them. Red when there are none, and some wait.',
      unit: MessagesPerSecond,
      width: 3,
      thresholds: anyOrNone(green),
      mappings: [belowZero('none, some wait', red)],
      queries: [
        {
          expr: `${rate('delivered_total')} > 0 or 0 - (max(mkb_oldest_in_flight_seconds{${chosen}}) > bool ${objective.seconds})`,
          legend: 'delivered',
        },
      ],
    }),
    stat({
      title: 'Window in use',
      description:
        'The fullest window of all bridges: messages from MQTT that are not acknowledged, as a part of the Receive Maximum. When it is full, the broker keeps what comes.',
      unit: PercentUnit,
      decimals: 0,
      max: 1,
      width: 3,
      thresholds: rising(0.7, 0.9),
      links: [runbookOf('MkbWindowFull')],
      queries: [
        {
          expr: `max(${windowInUse(chosenBridge)} and on (bridge, instance) mkb_mqtt_connected{${chosenBridge}} == 1)`,
          legend: 'in use',
        },
      ],
    }),
    stat({
      title: 'Alerts firing',
      description:
        'Alerts that fire now, of all severities, the table beside it has them. No data if Prometheus does not work out the rules of this kit, or reads no bridge.',
      unit: NoUnit,
      decimals: 0,
      width: 3,
      thresholds: noneAllowed,
      queries: [
        {
          // What the rules record shows that they are worked out. It lasts for minutes after a bridge, and so does the time until an alert fires.
          expr: `count(${firingAlerts}) or 0 * count(bridge_source:mkb_delivery:rate5m and on () min(up{job="${jobs.bridge}"}) == 1)`,
          legend: 'firing',
        },
      ],
    }),
  ],
};

const flow: Row = {
  title: 'Flow',
  panels: [
    graph({
      title: 'Messages by outcome',
      description:
        'What became of messages, per second. The stack reaches the line of the received when nothing piles up.',
      unit: MessagesPerSecond,
      width: 12,
      colors,
      queries: [
        { expr: `sum(rate(mkb_messages_received_total{${chosen}}[$__rate_interval]))`, legend: 'received' },
        { expr: `sum(rate(mkb_messages_delivered_total{${chosen}}[$__rate_interval]))`, legend: 'delivered' },
        { expr: `sum(rate(mkb_messages_dead_lettered_total{${chosen}}[$__rate_interval]))`, legend: 'dead-lettered' },
        { expr: `sum(rate(${leftOut(chosen)}[$__rate_interval]))`, legend: 'left out by a rule' },
        { expr: `sum(rate(${lost(chosen)}[$__rate_interval]))`, legend: 'lost' },
      ],
    }),
    graph({
      title: 'Lost, by reason',
      description:
        'Messages per second that are nowhere, although neither document nor rules ask for it; docs/runbooks/mkb-messages-lost.md explains each reason.',
      unit: MessagesPerSecond,
      width: 12,
      legendRight: true,
      colors: lossColors,
      queries: [{ expr: `sum by (reason) (rate(${lost(chosen)}[$__rate_interval]))`, legend: '{{reason}}' }],
    }),
    graph({
      title: 'Left out, by reason',
      description:
        'Messages per second that went nowhere as they should: filtered (a WHERE said no), no_rule (no rule wants the topic), other_copy (another copy of it goes through the rules), old_subscription (it came for a filter of an older document), retained (mqtt.retained says no), aggregated (it only counts in a window), expired (the messageExpiry of its sink was over).',
      unit: MessagesPerSecond,
      width: 12,
      legendRight: true,
      colors: intendedColors,
      queries: [{ expr: `sum by (reason) (rate(${leftOut(chosen)}[$__rate_interval]))`, legend: '{{reason}}' }],
    }),
    graph({
      title: 'Received, by source',
      description: 'Messages per second from MQTT, from Kafka, events, and rows of windows.',
      unit: MessagesPerSecond,
      width: 12,
      colors: sourceColors,
      queries: [{ expr: perSecond('mkb_messages_received_total', 'source', chosen), legend: '{{source}}' }],
    }),
    graph({
      title: 'In flight',
      description:
        'Messages on their way, by instance and source. A source is not read beyond mqtt.receiveMaximum; a level there means that what it is written to is slow or down.',
      unit: Short,
      width: 12,
      queries: [{ expr: `sum by (bridge, instance, source) (mkb_messages_in_flight{${chosen}})`, legend: perSource }],
    }),
    graph({
      title: 'Oldest in flight',
      description:
        'For how long the oldest message has been on its way, by instance and source. A line that rises is one message that waits, whatever the others do; /readyz of the instance says what for.',
      unit: Seconds,
      width: 12,
      thresholds: waiting,
      queries: [
        { expr: `max by (bridge, instance, source) (mkb_oldest_in_flight_seconds{${chosen}})`, legend: perSource },
      ],
    }),
  ],
};

export const pipelineDashboard = (): Dashboard =>
  dashboard({
    uid: uids.pipeline,
    title: 'Pipeline',
    description:
      'Whether messages get from MQTT to Kafka and from Kafka to MQTT, all of them and in time, and where they stay if they do not.',
    variables: [
      labelVariable('bridge', 'bridge', 'mkb_messages_received_total', 'Bridge'),
      labelVariable('source', 'source', 'mkb_messages_received_total', 'Source'),
    ],
    restartsOf: [jobs.bridge],
    rows: [verdict, flow, deliveryTime, backPressure, buffer, rules, ruleState, process, consumerAndPublisher],
  });
