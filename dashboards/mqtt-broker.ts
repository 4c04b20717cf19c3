/**
 * MQTT broker: does it pass messages on, how many, and does it drop any? One set of figures for every broker, from `$SYS` or from EMQX's
 * API; what only EMQX tells is in a row of its own, folded.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  BytesPerSecondIEC,
  CountsPerSecond,
  MessagesPerSecond,
  NoUnit,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import { dashboard, labelVariable, type Row } from './frame.ts';
import { atLeast, blue, graph, noneAllowed, rising, safeOrLosing, stat, table, timeline, upOrDown } from './panels.ts';
import { jobs, orZero, perSecond } from './promql.ts';
import { uids } from './uids.ts';

const chosen = 'target=~"$broker"';
const node = '{{target}} {{node}}';
/** Not everybody who is connected subscribes: these drops lose nothing. */
const losses = `${chosen},reason!~"no_subscribers|no_local"`;

/** Of a target that is watched in two ways, each says the same once: the larger counts. */
const level = (metric: string): string => `max by (target, node) (${metric}{${chosen}})`;
const speed = (metric: string): string => `max by (target, node) (rate(${metric}{${chosen}}[$__rate_interval]))`;

const verdict: Row = {
  title: 'Does the broker pass messages on?',
  panels: [
    stat({
      title: 'Broker',
      description: 'Whether the exporter is connected to every chosen broker.',
      unit: NoUnit,
      width: 4,
      graph: false,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [{ expr: `min(mqtt_broker_up{${chosen}})`, legend: 'up' }],
    }),
    stat({
      title: 'Probe',
      description: 'How long a message takes through the broker: published, and received again, by the exporter.',
      unit: Seconds,
      width: 4,
      thresholds: rising(0.1, 1),
      queries: [{ expr: `max(mqtt_probe_seconds{${chosen}})`, legend: 'round trip' }],
    }),
    stat({
      title: 'Dropped',
      description:
        'Messages in the time shown that the broker did not pass on although a client wanted them, as when its queue was full. They never reached the bridge.',
      unit: Short,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      queries: [
        {
          expr: `ceil(sum(increase(mqtt_broker_messages_dropped_total{${losses}}[$__range]))) or vector(0)`,
          legend: 'dropped',
        },
      ],
    }),
    stat({
      title: 'Connections',
      description: 'Clients that are connected.',
      unit: Short,
      width: 4,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(${level('mqtt_broker_connections')})`, legend: 'connections' }],
    }),
    stat({
      title: 'Messages in',
      description: 'Messages per second from clients.',
      unit: MessagesPerSecond,
      width: 4,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(${speed('mqtt_broker_messages_received_total')})`, legend: 'in' }],
    }),
    stat({
      title: 'Messages out',
      description: 'Messages per second to clients. More than in when several subscribe to the same.',
      unit: MessagesPerSecond,
      width: 4,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(${speed('mqtt_broker_messages_sent_total')})`, legend: 'out' }],
    }),
  ],
};

const traffic: Row = {
  title: 'Traffic',
  panels: [
    graph({
      title: 'Messages',
      description: 'PUBLISH packets per second from and to clients, by node.',
      unit: MessagesPerSecond,
      width: 8,
      queries: [
        { expr: speed('mqtt_broker_messages_received_total'), legend: `${node} in` },
        { expr: speed('mqtt_broker_messages_sent_total'), legend: `${node} out` },
      ],
    }),
    graph({
      title: 'Bytes',
      description: 'Bytes per second from and to clients, by node.',
      unit: BytesPerSecondIEC,
      width: 8,
      queries: [
        { expr: speed('mqtt_broker_bytes_received_total'), legend: `${node} in` },
        { expr: speed('mqtt_broker_bytes_sent_total'), legend: `${node} out` },
      ],
    }),
    graph({
      title: 'Dropped, by reason',
      description: 'Messages per second that did not reach a client. no_subscribers and no_local lose nothing.',
      unit: MessagesPerSecond,
      width: 8,
      queries: [
        {
          expr: orZero(perSecond('mqtt_broker_messages_dropped_total', 'reason', chosen), 'reason', 'none'),
          legend: '{{reason}}',
        },
      ],
    }),
  ],
};

const clients: Row = {
  title: 'Clients',
  panels: [
    graph({
      title: 'Connections and sessions',
      description: 'Clients that are connected, and sessions, which are kept for those that may come back.',
      unit: Short,
      width: 8,
      queries: [
        { expr: level('mqtt_broker_connections'), legend: `${node} connections` },
        { expr: level('mqtt_broker_sessions'), legend: `${node} sessions` },
      ],
    }),
    graph({
      title: 'Subscriptions and retained messages',
      description: 'What clients have subscribed to, and messages kept for those to come.',
      unit: Short,
      width: 8,
      queries: [
        { expr: level('mqtt_broker_subscriptions'), legend: `${node} subscriptions` },
        { expr: level('mqtt_broker_retained_messages'), legend: `${node} retained` },
      ],
    }),
    graph({
      title: 'Kept by the broker',
      description:
        'Messages that wait in the broker for clients that are away or slow, retained ones among them. A slope is a bridge that does not keep up: when its queue is full, the broker drops. Only Mosquitto says it.',
      unit: Short,
      width: 8,
      queries: [{ expr: level('mqtt_broker_stored_messages'), legend: node }],
    }),
    graph({
      title: 'Probe',
      description:
        'How long a message takes from the exporter through the broker and back. Gaps are messages that did not come back.',
      unit: Seconds,
      width: 8,
      queries: [{ expr: `max by (target) (mqtt_probe_seconds{${chosen}})`, legend: '{{target}}' }],
    }),
    timeline({
      title: 'Broker up',
      description: 'Whether the exporter was connected to each broker.',
      unit: NoUnit,
      width: 16,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [{ expr: `max by (target) (mqtt_broker_up{${chosen}})`, legend: '{{target}}' }],
    }),
  ],
};

const emqx: Row = {
  title: 'EMQX: rules, actions and connectors (only where its API is watched)',
  folded: true,
  panels: [
    stat({
      title: 'API',
      description: 'Whether the API of EMQX answers the exporter.',
      unit: NoUnit,
      width: 4,
      graph: false,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [{ expr: `min(emqx_api_up{${chosen}})`, legend: 'API' }],
    }),
    stat({
      title: 'Durable sessions',
      description: 'Whether EMQX has sessions on disk and a version that loses messages from them (5.8.1 to 5.8.9).',
      unit: NoUnit,
      width: 4,
      graph: false,
      thresholds: noneAllowed,
      mappings: [safeOrLosing],
      queries: [{ expr: `max(emqx_durable_sessions_unsafe{${chosen}})`, legend: 'Durable sessions' }],
    }),
    graph({
      title: 'Rules',
      description: 'Per second, how often each rule was tried, and how often its SQL gave a result.',
      unit: CountsPerSecond,
      width: 8,
      queries: [
        { expr: perSecond('emqx_rule_matched_total', 'target, rule', chosen), legend: '{{rule}} matched' },
        { expr: perSecond('emqx_rule_passed_total', 'target, rule', chosen), legend: '{{rule}} passed' },
      ],
    }),
    graph({
      title: 'Actions',
      description: 'Messages per second that each action delivered, failed to deliver, or dropped.',
      unit: MessagesPerSecond,
      width: 8,
      queries: [
        { expr: perSecond('emqx_action_success_total', 'target, action', chosen), legend: '{{action}} delivered' },
        { expr: perSecond('emqx_action_failed_total', 'target, action', chosen), legend: '{{action}} failed' },
        { expr: perSecond('emqx_action_dropped_total', 'target, action', chosen), legend: '{{action}} dropped' },
      ],
    }),
    graph({
      title: 'Waiting in actions',
      description: 'Messages that wait in each action’s buffer, or are sent and not answered.',
      unit: Short,
      width: 12,
      queries: [
        { expr: `sum by (target, action) (emqx_action_queuing{${chosen}})`, legend: '{{action}} queued' },
        { expr: `sum by (target, action) (emqx_action_inflight{${chosen}})`, legend: '{{action}} in flight' },
      ],
    }),
    table({
      title: 'Connectors',
      description: 'Whether each connector is enabled, and connected on every node.',
      unit: NoUnit,
      width: 12,
      queries: [
        { expr: `max by (target, type, connector) (emqx_connector_enabled{${chosen}})` },
        { expr: `min by (target, type, connector) (emqx_connector_up{${chosen}})` },
      ],
      columns: [
        { from: 'target', title: 'Broker' },
        { from: 'type', title: 'Type' },
        { from: 'connector', title: 'Connector' },
        { from: '#A', title: 'Enabled' },
        { from: '#B', title: 'Connected', mappings: [upOrDown] },
      ],
    }),
  ],
};

export const mqttBrokerDashboard = (): Dashboard =>
  dashboard({
    uid: uids.broker,
    title: 'MQTT broker',
    description:
      'Any MQTT broker, as its clients and its own figures show it: is it up, does it pass messages on, does it drop any?',
    variables: [labelVariable('broker', 'target', 'mqtt_broker_up', 'Broker')],
    restartsOf: [jobs.exporter],
    rows: [verdict, traffic, clients, emqx],
  });
