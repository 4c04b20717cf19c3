/**
 * Pipeline: are messages lost or late? The first row answers in one look: everything green means no. The rows below say where and why.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { MessagesPerSecond, NoUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { objective } from './alerts/delivery-objective.ts';
import { consumerAndPublisher } from './consumer-and-publisher.ts';
import { dashboard, labelVariable, linkTo, type Row } from './frame.ts';
import { atLeast, blue, graph, green, grey, noneAllowed, red, rising, stat, upOrDown, yellow } from './panels.ts';
import { backPressure, deliveryTime, process, rules } from './pipeline-details.ts';
import {
  chosenSource as chosen,
  chosenBridge,
  deliveryQuantile,
  jobs,
  leftOut,
  lost,
  perSecond,
  timedSources,
  unaccounted,
} from './promql.ts';
import { uids } from './uids.ts';

const colors = {
  received: blue,
  delivered: green,
  'dead-lettered': yellow,
  lost: red,
  'left out by a rule': grey,
};

const perSource = '{{bridge}} {{instance}} {{source}}';

const verdict: Row = {
  title: 'Are messages lost or late?',
  panels: [
    stat({
      title: 'Lost',
      description:
        'Messages dropped in the time shown for any reason but a rule’s own will, of all sources. Anything but 0 is a loss: see Dropped, by reason.',
      unit: Short,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      queries: [{ expr: `ceil(sum(increase(${lost(chosen)}[$__range])))`, legend: 'lost' }],
    }),
    stat({
      title: 'Dead-lettered',
      description:
        'Messages in the time shown that failed permanently and are in the dead-letter topic, with the reason in their headers. They are not lost, and somebody must look.',
      unit: Short,
      decimals: 0,
      width: 4,
      thresholds: [
        { value: null, color: green },
        { value: 1e-9, color: yellow },
      ],
      queries: [
        {
          expr: `ceil(sum(increase(mkb_messages_dead_lettered_total{${chosen}}[$__range])))`,
          legend: 'dead-lettered',
        },
      ],
    }),
    stat({
      title: 'Unaccounted for',
      description:
        'Received less delivered, dead-lettered, dropped, returned and in flight. It is 0 at every moment, for each source; anything else is a fault of the bridge.',
      unit: Short,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      queries: [{ expr: `sum(abs(${unaccounted(chosen)}))`, legend: 'unaccounted' }],
    }),
    stat({
      title: 'Delivery time, p99',
      description: `99 of 100 messages were delivered within this time of being read from MQTT or Kafka. Red above the objective of ${objective.seconds} s.`,
      unit: Seconds,
      width: 4,
      thresholds: rising(objective.seconds / 4, objective.seconds),
      queries: [{ expr: deliveryQuantile(0.99, `${chosenBridge},${timedSources}`), legend: '{{source}}' }],
    }),
    stat({
      title: 'Connected',
      description: 'Whether every bridge is connected and subscribed to its MQTT broker, and connected to Kafka.',
      unit: NoUnit,
      width: 4,
      graph: false,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      links: [linkTo(uids.broker, 'MQTT broker'), linkTo(uids.kafka, 'Kafka')],
      queries: [
        { expr: `min(mkb_mqtt_connected{${chosenBridge}})`, legend: 'MQTT' },
        { expr: `min(mkb_kafka_connected{${chosenBridge}})`, legend: 'Kafka' },
      ],
    }),
    stat({
      title: 'Alerts firing',
      description: 'Alerts that fire now, of all severities. Each names its runbook.',
      unit: Short,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      queries: [
        {
          expr: 'count(ALERTS{alertstate="firing",alertname=~"Mkb.*|Mqtt.*|Kafka.*"}) or vector(0)',
          legend: 'firing',
        },
      ],
    }),
    stat({
      title: 'Received',
      description: 'Messages per second that sources handed over: from MQTT, from Kafka, events, rows of windows.',
      unit: MessagesPerSecond,
      width: 8,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(rate(mkb_messages_received_total{${chosen}}[$__rate_interval]))`, legend: 'received' }],
    }),
    stat({
      title: 'Delivered',
      description:
        'Messages per second of which Kafka, or the MQTT broker, has acknowledged everything that was made of them.',
      unit: MessagesPerSecond,
      width: 8,
      thresholds: [{ value: null, color: green }],
      queries: [{ expr: `sum(rate(mkb_messages_delivered_total{${chosen}}[$__rate_interval]))`, legend: 'delivered' }],
    }),
    stat({
      title: 'In flight',
      description:
        'Messages that are on their way: received, and without an outcome yet. A level is healthy, a slope is not.',
      unit: Short,
      decimals: 0,
      width: 8,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(mkb_messages_in_flight{${chosen}})`, legend: 'in flight' }],
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
      title: 'Dropped, by reason',
      description:
        'filtered (a WHERE said no), no_rule (no rule wants the topic), other_copy (another copy of it goes through the rules), old_subscription (it came for a filter of an older document), retained (mqtt.retained says no), aggregated (it only counts in a window) and expired (the messageExpiry of its sink was over) are intended. All other reasons are losses; docs/runbooks/mkb-messages-lost.md explains each.',
      unit: MessagesPerSecond,
      width: 6,
      queries: [{ expr: perSecond('mkb_messages_dropped_total', 'reason', chosen), legend: '{{reason}}' }],
    }),
    graph({
      title: 'Received, by source',
      description: 'Messages per second from MQTT, from Kafka, events, and rows of windows.',
      unit: MessagesPerSecond,
      width: 6,
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
      thresholds: rising(60, 300),
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
    rows: [verdict, flow, deliveryTime, backPressure, rules, process, consumerAndPublisher],
  });
