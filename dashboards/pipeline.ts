/**
 * Pipeline: are messages lost or late? The first row answers in one look: everything green means no. The rows below say where and why.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { MessagesPerSecond, NoUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { objective } from './alerts/delivery-objective.ts';
import { dashboard, labelVariable, linkTo, type Row } from './frame.ts';
import { atLeast, blue, graph, green, grey, noneAllowed, red, rising, stat, upOrDown, yellow } from './panels.ts';
import { backPressure, deliveryTime, process, rules } from './pipeline-details.ts';
import {
  chosenBridge as chosen,
  deliveryQuantile,
  jobs,
  leftOut,
  lost,
  lostRecords,
  perSecond,
  unaccounted,
} from './promql.ts';
import { records } from './records.ts';
import { uids } from './uids.ts';

const colors = {
  received: blue,
  delivered: green,
  'dead-lettered': yellow,
  lost: red,
  'left out by a rule': grey,
};

const verdict: Row = {
  title: 'Are messages lost or late?',
  panels: [
    stat({
      title: 'Lost',
      description:
        'Messages, and records of bridges that read Kafka, dropped in the time shown for any reason but a rule’s own will. Anything but 0 is a loss: see Dropped, by reason.',
      unit: Short,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      queries: [
        { expr: `ceil(sum(increase(${lost(chosen)}[$__range])))`, legend: 'lost' },
        { expr: `ceil(sum(increase(${lostRecords(chosen)}[$__range])))`, legend: 'records lost' },
      ],
    }),
    stat({
      title: 'Dead-lettered',
      description:
        'Messages, and records of bridges that read Kafka, in the time shown that failed permanently and are in the dead-letter topic, with the reason in their headers. They are not lost, and somebody must look.',
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
        {
          expr: `ceil(sum(increase(mkb_records_dead_lettered_total{${chosen}}[$__range])))`,
          legend: 'records dead-lettered',
        },
      ],
    }),
    stat({
      title: 'Unaccounted for',
      description:
        'Received less delivered, dead-lettered, dropped and in flight. It is 0 at every moment; anything else is a fault of the bridge.',
      unit: Short,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      queries: [{ expr: `sum(abs(${unaccounted(chosen)}))`, legend: 'unaccounted' }],
    }),
    stat({
      title: 'Delivery time, p99',
      description: `99 of 100 messages were in Kafka within this time of being read from MQTT. Red above the objective of ${objective.seconds} s.`,
      unit: Seconds,
      width: 4,
      thresholds: rising(objective.seconds / 4, objective.seconds),
      queries: [{ expr: deliveryQuantile(0.99, chosen), legend: 'p99' }],
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
        { expr: `min(mkb_mqtt_connected{${chosen}})`, legend: 'MQTT' },
        { expr: `min(mkb_kafka_connected{${chosen}})`, legend: 'Kafka' },
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
      description: 'Messages per second that came from MQTT.',
      unit: MessagesPerSecond,
      width: 8,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(rate(mkb_messages_received_total{${chosen}}[$__rate_interval]))`, legend: 'received' }],
    }),
    stat({
      title: 'Delivered',
      description: 'Messages per second of which Kafka has acknowledged every record.',
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
        'filtered (a WHERE said no), no_rule (no rule wants the topic), other_copy (another copy of it goes through the rules), old_subscription (it came for a filter of an older document), retained (mqtt.retained says no) and aggregated (it only counts in a window) are intended. All other reasons are losses; docs/runbooks/mkb-messages-lost.md explains each.',
      unit: MessagesPerSecond,
      width: 6,
      queries: [{ expr: perSecond('mkb_messages_dropped_total', 'reason', chosen), legend: '{{reason}}' }],
    }),
    graph({
      title: 'In flight',
      description: 'Messages on their way, by bridge and instance.',
      unit: Short,
      width: 6,
      queries: [
        { expr: `sum by (bridge, instance) (mkb_messages_in_flight{${chosen}})`, legend: '{{bridge}} {{instance}}' },
      ],
    }),
  ],
};

export const pipelineDashboard = (): Dashboard =>
  dashboard({
    uid: uids.pipeline,
    title: 'Pipeline',
    description: 'Whether messages from MQTT reach Kafka, all of them and in time, and where they stay if they do not.',
    variables: [labelVariable('bridge', 'bridge', 'mkb_messages_received_total', 'Bridge')],
    restartsOf: [jobs.bridge],
    rows: [verdict, flow, deliveryTime, backPressure, rules, process, records],
  });
