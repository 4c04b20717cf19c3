/**
 * MQTT broker: does it pass messages on, how many, and does it drop any? One set of figures for every broker, from `$SYS` or from EMQX's
 * API; what only EMQX has is in a row of its own, folded.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  BytesPerSecondIEC,
  MessagesPerSecond,
  NoUnit,
  PercentUnit,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import { queuesInUse } from './alerts/broker-queue.ts';
import { dashboard, labelVariable, type Row } from './frame.ts';
import {
  anyOrNone,
  atLeast,
  belowZero,
  blue,
  each,
  graph,
  green,
  grey,
  noneAllowed,
  red,
  rising,
  safeOrLosing,
  stat,
  timeline,
  upOrDown,
  words,
} from './panels.ts';
import { counted, jobs, ofAll, orZero, perSecond, whileUp } from './promql.ts';
import { table } from './tables.ts';
import { uids } from './uids.ts';

const chosen = 'target=~"$broker"';
const node = '{{target}} {{node}}';
/** Not everybody who is connected subscribes: these drops lose nothing. */
const dropped = `mqtt_broker_messages_dropped_total{${chosen},reason!~"no_subscribers|no_local"}`;

/** A broker is read as long as it takes the exporter as its client, or its API answers. */
const up = `mqtt_broker_up{${chosen}} == 1 or emqx_api_up{${chosen}} == 1`;
const seen = (query: string): string => whileUp(query, up);

/** Of each broker that is watched in either way whether it answers. */
const ups = `(mqtt_broker_up{${chosen}} or emqx_api_up{${chosen}})`;

/** Of a target that is watched in two ways, each says the same once: the larger counts. */
const level = (metric: string): string => seen(`max by (target, node) (${metric}{${chosen}})`);
/**
 * Brokers say their figures once in an interval, Mosquitto once in ten seconds and EMQX once in a minute, so a counter goes up in steps. Its rate
 * swings with the steps that are in the window, and is half of the truth while half of the window has none; the slope of a line through them
 * does neither. Only of a broker that started in the window, whose counters begin again, the rate has to do. Both end
 * when nothing is read any more.
 */
const slope = (counter: string): string =>
  `((deriv(${counter}[5m]) unless resets(${counter}[5m]) > 0 or rate(${counter}[5m])) and ${counter})`;
const speed = (metric: string): string => seen(`max by (target, node) ${slope(`${metric}{${chosen}}`)}`);

/** EMQX's API says these as they are when it is asked. */
const api = (query: string): string => whileUp(query, `emqx_api_up{${chosen}} == 1`);
const ofApi = (counter: string, by: string): string => api(perSecond(counter, by, chosen));

const verdict: Row = {
  title: 'Does the broker pass messages on?',
  panels: [
    stat({
      title: 'Broker',
      description: 'Whether the exporter is connected to every chosen broker.',
      unit: NoUnit,
      width: 4,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [{ expr: `min(mqtt_broker_up{${chosen}})`, legend: 'up' }],
    }),
    stat({
      title: 'Probe',
      description:
        'How long a message takes through the broker: published, and received again, by the exporter. Red if the last one of a broker did not come back.',
      unit: Seconds,
      width: 4,
      thresholds: rising(0.1, 1),
      mappings: [belowZero('lost', red)],
      queries: [
        {
          expr: `-1 * count(mqtt_probe_success{${chosen}} == 0) or max(mqtt_probe_seconds{${chosen}} and on (target) (mqtt_probe_success{${chosen}} == 1))`,
          legend: 'round trip',
        },
      ],
    }),
    stat({
      title: 'Dropped',
      description:
        'Messages in the time shown, and at least in the last hour, that the broker did not pass on although a client wanted them, as when its queue was full. They never reached the bridge. No data of a broker that does not say it.',
      unit: NoUnit,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      queries: [{ expr: counted(dropped, `(count(${seen(dropped)}) and on () min(${ups}) == 1)`), legend: 'dropped' }],
    }),
    stat({
      title: 'Connections',
      description: 'Clients that are connected.',
      unit: NoUnit,
      width: 4,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: `sum(${level('mqtt_broker_connections')})`, legend: 'connections' }],
    }),
    stat({
      title: 'Messages in',
      description:
        'Messages per second from clients, over five minutes: most brokers say their figures only now and then.',
      unit: MessagesPerSecond,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [{ expr: `sum(${speed('mqtt_broker_messages_received_total')})`, legend: 'in' }],
    }),
    stat({
      title: 'Messages out',
      description:
        'Messages per second to clients, over five minutes. More than in when several subscribe to the same.',
      unit: MessagesPerSecond,
      width: 4,
      thresholds: anyOrNone(blue),
      queries: [{ expr: `sum(${speed('mqtt_broker_messages_sent_total')})`, legend: 'out' }],
    }),
  ],
};

const traffic: Row = {
  title: 'Traffic',
  panels: [
    graph({
      title: 'Messages',
      description: 'PUBLISH packets per second from and to clients, by node, over five minutes.',
      unit: MessagesPerSecond,
      width: 8,
      queries: [
        { expr: speed('mqtt_broker_messages_received_total'), legend: `${node} in` },
        { expr: speed('mqtt_broker_messages_sent_total'), legend: `${node} out` },
      ],
    }),
    graph({
      title: 'Bytes',
      description: 'Bytes per second from and to clients, by node, over five minutes.',
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
          expr: orZero(
            `sum by (reason) (${seen(slope(`mqtt_broker_messages_dropped_total{${chosen}}`))})`,
            'reason',
            'none',
            up,
          ),
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
      title: 'Waiting in the broker',
      description:
        'Messages that wait in the broker. A slope is a bridge that does not keep up: when its queue is full, the broker drops. Of EMQX it is the queue of each client that the exporter’s document names, but not of sessions on disk; of Mosquitto all that it keeps, retained messages among them.',
      unit: Short,
      width: 8,
      queries: [
        { expr: level('mqtt_broker_stored_messages'), legend: node },
        {
          expr: api(`max by (target, client) (mqtt_client_queue_messages{${chosen}})`),
          legend: '{{target}} {{client}}',
        },
      ],
    }),
    graph({
      title: 'Probe',
      description:
        'How long a message takes from the exporter through the broker and back. Gaps are messages that did not come back.',
      unit: Seconds,
      width: 8,
      logarithmic: true,
      thresholds: rising(0.1, 1),
      queries: [
        {
          expr: `max by (target) (mqtt_probe_seconds{${chosen}} and on (target) (mqtt_probe_success{${chosen}} == 1))`,
          legend: '{{target}}',
        },
      ],
    }),
    stat({
      title: 'Fullest queue',
      description:
        'How much of the fullest queue is in use, by the limit that EMQX or the exporter’s document (queueLimit, memoryLimit) gives. A full queue drops messages. No data where no limit is known.',
      unit: PercentUnit,
      width: 4,
      height: 8,
      thresholds: rising(0.5, 0.8),
      queries: [{ expr: ofAll(`max(${seen(queuesInUse(chosen))})`, 0.5, ups), legend: 'in use' }],
    }),
    timeline({
      title: 'Broker up',
      description: 'Whether the exporter was connected to each broker.',
      unit: NoUnit,
      width: 12,
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
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [{ expr: `min(emqx_api_up{${chosen}})`, legend: 'API' }],
    }),
    stat({
      title: 'Durable sessions',
      description: 'Whether EMQX has sessions on disk and a version that loses messages from them (5.8.1 to 5.8.9).',
      unit: NoUnit,
      width: 4,
      thresholds: noneAllowed,
      mappings: [safeOrLosing],
      queries: [{ expr: `max(${api(`emqx_durable_sessions_unsafe{${chosen}}`)})`, legend: 'Durable sessions' }],
    }),
    graph({
      title: 'Rules',
      description: 'Per second, how often each rule was tried, and how often its SQL gave a result.',
      unit: each('times/s'),
      width: 8,
      queries: [
        { expr: ofApi('emqx_rule_matched_total', 'target, rule'), legend: '{{target}} {{rule}} matched' },
        { expr: ofApi('emqx_rule_passed_total', 'target, rule'), legend: '{{target}} {{rule}} passed' },
      ],
    }),
    graph({
      title: 'Actions',
      description: 'Messages per second that each action delivered, failed to deliver, or dropped.',
      unit: MessagesPerSecond,
      width: 8,
      queries: [
        { expr: ofApi('emqx_action_success_total', 'target, action'), legend: '{{target}} {{action}} delivered' },
        { expr: ofApi('emqx_action_failed_total', 'target, action'), legend: '{{target}} {{action}} failed' },
        { expr: ofApi('emqx_action_dropped_total', 'target, action'), legend: '{{target}} {{action}} dropped' },
      ],
    }),
    graph({
      title: 'Waiting in actions',
      description: 'Messages that wait in each action’s buffer, or are sent and not answered.',
      unit: Short,
      width: 12,
      queries: [
        {
          expr: api(`sum by (target, action) (emqx_action_queuing{${chosen}})`),
          legend: '{{target}} {{action}} queued',
        },
        {
          expr: api(`sum by (target, action) (emqx_action_inflight{${chosen}})`),
          legend: '{{target}} {{action}} in flight',
        },
      ],
    }),
    table({
      title: 'Connectors',
      description: 'Whether each connector is enabled, and connected on every node.',
      unit: NoUnit,
      width: 12,
      queries: [
        { expr: api(`max by (target, type, connector) (emqx_connector_enabled{${chosen}})`) },
        { expr: api(`min by (target, type, connector) (emqx_connector_up{${chosen}})`) },
      ],
      columns: [
        { from: 'target', title: 'Broker' },
        { from: 'type', title: 'Type' },
        { from: 'connector', title: 'Connector' },
        { from: '#A', title: 'Enabled', mappings: [words({ '0': ['no', grey], '1': ['yes', green] })] },
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
