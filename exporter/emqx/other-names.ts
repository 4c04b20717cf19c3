/**
 * Figures of EMQX under the names that others have for them, with `aliases: true`: those of EMQX's own endpoint for Prometheus, and those of
 * emqx-exporter, for which the dashboards at grafana.com were made.
 *
 * EMQX's own are the names of its API with `emqx_` before them, and underscores for dots; two are not. emqx-exporter's dashboards choose a
 * `cluster`, which is what we call a target.
 */
import type { MetricEntry } from '../metrics.ts';
import type { Figure } from '../mqtt/sys-topics.ts';
import type { Labels } from '../readings.ts';
import { isMapping, isNumber, type Json, mappings, textOf } from './answers.ts';
import { daysLeft, licenseEnd, licenseSessions } from './license-figures.ts';

const levels = [
  ...['connections', 'live_connections', 'sessions', 'cluster_sessions', 'channels', 'suboptions', 'subscribers'],
  ...['subscriptions', 'subscriptions.shared', 'durable_subscriptions', 'topics', 'routes', 'retained', 'delayed'],
].flatMap(name => [`${name}.count`, `${name}.max`]);

/** By what their names begin with. */
const counts: Readonly<Record<string, string>> = {
  bytes: 'received sent',
  packets: 'received sent',
  'packets.connect': 'received',
  'packets.connack': 'sent error auth_error',
  'packets.subscribe': 'received auth_error error',
  'packets.suback': 'sent',
  'packets.unsubscribe': 'received error',
  'packets.unsuback': 'sent',
  'packets.publish': 'received sent inuse error auth_error quota_exceeded dropped',
  'packets.puback': 'received sent inuse missed',
  'packets.pubrec': 'received sent inuse missed',
  'packets.pubrel': 'received sent missed',
  'packets.pubcomp': 'received sent inuse missed',
  'packets.pingreq': 'received',
  'packets.pingresp': 'sent',
  'packets.disconnect': 'received sent',
  'packets.auth': 'received sent',
  messages: 'received sent publish dropped forward retained delayed delivered acked',
  'messages.qos0': 'received sent',
  'messages.qos1': 'received sent',
  'messages.qos2': 'received sent',
  'messages.dropped': 'await_pubrel_timeout no_subscribers quota_exceeded receive_maximum',
  delivery: 'dropped',
  'delivery.dropped': 'no_local too_large qos0_msg queue_full expired',
  client: 'connect connack connected authenticate auth.anonymous authorize subscribe unsubscribe disconnected',
  session: 'created resumed takenover discarded terminated',
  authorization: 'allow deny cache_hit cache_miss superuser nomatch matched.allow matched.deny',
  authentication: 'success success.anonymous failure',
};

const counters = Object.entries(counts).flatMap(([first, rest]) => rest.split(' ').map(last => `${first}.${last}`));

const unlike: Readonly<Record<string, string>> = {
  'packets.connect.received': 'emqx_packets_connect',
  'messages.dropped.await_pubrel_timeout': 'emqx_messages_dropped_expired',
};

const ownName = (name: string): string => unlike[name] ?? `emqx_${name.replaceAll('.', '_')}`;
const ownNames: Names = Object.fromEntries([...levels, ...counters].map(name => [name, ownName(name)]));

/** Other names by those in an answer of EMQX. */
type Names = Readonly<Record<string, string>>;

const ruleNames: Names = {
  matched: 'emqx_rule_topic_hit_count',
  passed: 'emqx_rule_exec_pass_count',
  failed: 'emqx_rule_exec_failure_count',
  'failed.no_result': 'emqx_rule_exec_no_result_count',
  'failed.exception': 'emqx_rule_exec_exception_count',
  'matched.rate': 'emqx_rule_exec_rate',
  'matched.rate.last5m': 'emqx_rule_exec_last5m_rate',
  'matched.rate.max': 'emqx_rule_exec_max_rate',
  'actions.total': 'emqx_rule_action_total',
  'actions.success': 'emqx_rule_action_success',
  'actions.failed': 'emqx_rule_action_failed',
};

/** Of an action, which emqx-exporter calls a bridge. */
const bridgeNames: Names = {
  queuing: 'emqx_rule_bridge_queuing',
  'rate.last5m': 'emqx_rule_bridge_last5m_rate',
  'rate.max': 'emqx_rule_bridge_max_rate',
  failed: 'emqx_rule_bridge_failed',
  dropped: 'emqx_rule_bridge_dropped',
};

const named = (of: unknown, names: Names, labels: Labels): Figure[] =>
  Object.entries(names).flatMap(([name, metric]) => {
    const value = isMapping(of) ? of[name] : undefined;
    return isNumber(value) ? [{ metric, labels, value }] : [];
  });

/** GET /stats and GET /metrics. */
export const brokerAliases = (answer: unknown): Figure[] =>
  mappings(answer).flatMap(one => named(one, ownNames, { node: textOf(one.node) }));

/** GET /nodes. EMQX gives loads as numbers, and did as texts. */
export function nodeAliases(answer: unknown): Figure[] {
  const nodes = mappings(answer);
  const running = nodes.filter(({ node_status }) => node_status === 'running').length;
  const one = (metric: string, value: unknown, labels: Labels = {}): Figure[] =>
    isNumber(value) ? [{ metric: `emqx_cluster_${metric}`, labels, value }] : [];
  return [
    ...one('nodes_running', running),
    ...one('nodes_stopped', nodes.length - running),
    ...one('status', Number(running > 0)),
    ...nodes.flatMap(each => {
      const node = textOf(each.node);
      const uptime = isNumber(each.uptime) ? each.uptime / 1000 : undefined;
      const load = (name: string) => one('cpu_load', numberOf(each[name]), { node, load: name });
      return [
        ...one('node_uptime', uptime, { node }),
        ...one('node_max_fds', each.max_fds, { node }),
        ...['load1', 'load5', 'load15'].flatMap(load),
      ];
    }),
  ];
}

const numberOf = (value: unknown): unknown => (typeof value === 'string' ? Number.parseFloat(value) : value);

/** GET /rules/{id}/metrics. */
export const ruleAliases = (rule: string, answer: unknown): Figure[] =>
  mappings(isMapping(answer) ? answer.node_metrics : []).flatMap(({ node, metrics }) =>
    named(metrics, ruleNames, { node: textOf(node), rule }),
  );

/** GET /actions: whether each is connected. */
export const bridgeAliases = (answer: unknown): Figure[] =>
  mappings(answer).map(each => ({
    metric: 'emqx_rule_bridge_status',
    labels: typeAndName(each),
    value: Number(each.status === 'connected'),
  }));

/** GET /actions/{id}/metrics. */
export const bridgeMetricAliases = (of: { readonly type: string; readonly name: string }, answer: unknown): Figure[] =>
  named(isMapping(answer) ? answer.metrics : undefined, bridgeNames, typeAndName(of));

const typeAndName = ({ type, name }: Json | { readonly type: string; readonly name: string }) => ({
  type: textOf(type),
  name: textOf(name),
});

/** GET /license. @param now seconds since 1970 */
export function licenseAliases(answer: unknown, now: number): Figure[] {
  const end = licenseEnd(answer);
  const sessions = licenseSessions(answer);
  const one = (metric: string, value: number | undefined): Figure[] =>
    value === undefined ? [] : [{ metric: `emqx_license_${metric}`, labels: {}, value }];
  return [
    ...one('max_client_limit', sessions),
    ...one('expiry_at', end),
    ...one('expiration_time', end && end * 1000),
    ...one('remaining_days', end && daysLeft(end, now)),
  ];
}

const entry = (name: string, type: MetricEntry['type'], ...labels: readonly string[]): MetricEntry => ({
  name,
  type,
  labels: ['cluster', ...labels],
  renamed: ['target', 'cluster'],
  help: 'As EMQX or emqx-exporter has it.',
});

const rates = /_rate$|_queuing$/;

/** What a scrape shows of them. */
export const emqxOtherNames: readonly MetricEntry[] = [
  ...levels.map(name => entry(ownName(name), 'gauge', 'node')),
  ...counters.map(name => entry(ownName(name), 'counter', 'node')),
  ...['nodes_running', 'nodes_stopped', 'status'].map(name => entry(`emqx_cluster_${name}`, 'gauge')),
  ...['node_uptime', 'node_max_fds'].map(name => entry(`emqx_cluster_${name}`, 'gauge', 'node')),
  entry('emqx_cluster_cpu_load', 'gauge', 'node', 'load'),
  ...Object.values(ruleNames).map(name => entry(name, rates.test(name) ? 'gauge' : 'counter', 'node', 'rule')),
  ...['emqx_rule_bridge_status', ...Object.values(bridgeNames)].map(name =>
    entry(name, /_(failed|dropped)$/.test(name) ? 'counter' : 'gauge', 'type', 'name'),
  ),
  ...['max_client_limit', 'expiry_at', 'expiration_time', 'remaining_days'].map(name =>
    entry(`emqx_license_${name}`, 'gauge'),
  ),
];
