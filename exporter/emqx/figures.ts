/**
 * What EMQX's API answers, as figures in our names. Pure: answers in, figures out.
 *
 * An answer is somebody else's data, and versions differ: what is missing or of another type is left out and stops nothing.
 * Two of EMQX's habits matter. Every counter is per node and is gone when the node restarts, as in any Prometheus counter. And an action's
 * API says success, which the metrics that EMQX itself gives to Prometheus do not.
 */
import { losesDurableSessions } from '../../api/emqx-versions.ts';
import { emqxMetrics, emqxStats, type Figure, figure } from '../mqtt/sys-topics.ts';
import type { Labels } from '../readings.ts';
import { isMapping, isNumber, type Json, mappings, textOf } from './answers.ts';

/** GET /nodes: which nodes run, and for how long. */
export const nodeFigures = (answer: unknown): Figure[] =>
  mappings(answer).flatMap(({ node: name, node_status, uptime }) => {
    const node = textOf(name);
    const up = { metric: 'emqx_node_up', labels: { node }, value: Number(node_status === 'running') };
    if (!isNumber(uptime)) return [up];
    return [up, { metric: 'mqtt_broker_uptime_seconds', labels: { node }, value: uptime / 1000 }];
  });

/** GET /stats and GET /metrics: one mapping of figures a node. */
export const brokerFigures = (answer: unknown): Figure[] => {
  const known = { ...emqxStats, ...emqxMetrics };
  return mappings(answer).flatMap(one => {
    const node = textOf(one.node);
    const common = Object.entries(known).flatMap(([name, ours]) => {
      const value = one[name];
      return isNumber(value) ? [figure(ours, node, value)] : [];
    });
    return [...common, ...knownFigures(one, clientMetrics, { node })];
  });
};

/**
 * Which nodes run a version whose durable sessions lose messages while there are such sessions, by GET /nodes and GET /stats. A version that
 * does not count the subscriptions of durable sessions (`durable_subscriptions.count`) is taken to have some.
 */
export function durableSessions(
  nodes: unknown,
  stats: unknown,
): { readonly node: string; readonly version: string; readonly unsafe: boolean }[] {
  const subscriptions = new Map(
    mappings(stats).map(each => [textOf(each.node), each['durable_subscriptions.count']] as const),
  );
  return mappings(nodes).flatMap(({ node: name, version: said }) => {
    const [node, version] = [textOf(name), textOf(said)];
    if (version === '') return [];
    return [{ node, version, unsafe: losesDurableSessions(version) && subscriptions.get(node) !== 0 }];
  });
}

export interface EmqxRule {
  readonly id: string;
  readonly enabled: boolean;
}

/** GET /rules, one page. */
export function rulesOf(answer: unknown): { readonly rules: EmqxRule[]; readonly more: boolean } {
  const { data, meta } = isMapping(answer) ? answer : {};
  const rules = mappings(data).map(({ id, enable }) => ({ id: textOf(id), enabled: enable !== false }));
  return { rules, more: isMapping(meta) && meta.hasnext === true };
}

/** Our metric of one of EMQX's names, with the label that tells names of one metric apart. */
type Known = Readonly<Record<string, readonly [metric: string, label?: Readonly<Record<string, string>>]>>;

/** Of GET /metrics, what only EMQX counts. */
const clientMetrics: Known = {
  'client.connected': ['emqx_client_connects_total'],
  'client.disconnected': ['emqx_client_disconnects_total'],
  'authentication.success': ['emqx_authentications_total', { result: 'success' }],
  'authentication.failure': ['emqx_authentications_total', { result: 'failure' }],
  'authorization.allow': ['emqx_authorizations_total', { result: 'allow' }],
  'authorization.deny': ['emqx_authorizations_total', { result: 'deny' }],
  'packets.connack.auth_error': ['emqx_refused_packets_total', { packet: 'connect' }],
  'packets.publish.auth_error': ['emqx_refused_packets_total', { packet: 'publish' }],
  'packets.subscribe.auth_error': ['emqx_refused_packets_total', { packet: 'subscribe' }],
  'messages.qos0.received': ['emqx_qos_messages_received_total', { qos: '0' }],
  'messages.qos1.received': ['emqx_qos_messages_received_total', { qos: '1' }],
  'messages.qos2.received': ['emqx_qos_messages_received_total', { qos: '2' }],
  'messages.qos0.sent': ['emqx_qos_messages_sent_total', { qos: '0' }],
  'messages.qos1.sent': ['emqx_qos_messages_sent_total', { qos: '1' }],
  'messages.qos2.sent': ['emqx_qos_messages_sent_total', { qos: '2' }],
};

const ruleMetrics: Known = {
  matched: ['emqx_rule_matched_total'],
  passed: ['emqx_rule_passed_total'],
  'failed.exception': ['emqx_rule_failed_total', { reason: 'exception' }],
  'failed.no_result': ['emqx_rule_failed_total', { reason: 'no_result' }],
  'actions.success': ['emqx_rule_actions_total', { result: 'success' }],
  'actions.failed.out_of_service': ['emqx_rule_actions_total', { result: 'failed_out_of_service' }],
  'actions.failed.unknown': ['emqx_rule_actions_total', { result: 'failed_unknown' }],
  'actions.discarded': ['emqx_rule_actions_total', { result: 'discarded' }],
};

const actionMetrics: Known = {
  matched: ['emqx_action_matched_total'],
  success: ['emqx_action_success_total'],
  failed: ['emqx_action_failed_total'],
  'dropped.queue_full': ['emqx_action_dropped_total', { reason: 'queue_full' }],
  'dropped.expired': ['emqx_action_dropped_total', { reason: 'expired' }],
  'dropped.resource_not_found': ['emqx_action_dropped_total', { reason: 'resource_not_found' }],
  'dropped.resource_stopped': ['emqx_action_dropped_total', { reason: 'resource_stopped' }],
  'dropped.other': ['emqx_action_dropped_total', { reason: 'other' }],
  retried: ['emqx_action_retried_total'],
  late_reply: ['emqx_action_late_replies_total'],
  queuing: ['emqx_action_queuing'],
  queuing_bytes: ['emqx_action_queuing_bytes'],
  inflight: ['emqx_action_inflight'],
};

/** `{node_metrics: [{node, metrics: {...}}]}`, as rules and actions have it. */
function nodeMetrics(answer: unknown, known: Known, own: Readonly<Record<string, string>>): Figure[] {
  return mappings(isMapping(answer) ? answer.node_metrics : []).flatMap(({ node, metrics }) =>
    isMapping(metrics) ? knownFigures(metrics, known, { node: textOf(node), ...own }) : [],
  );
}

const knownFigures = (of: Json, known: Known, labels: Labels): Figure[] =>
  Object.entries(known).flatMap(([name, [metric, label]]) => {
    const value = of[name];
    return isNumber(value) ? [{ metric, labels: { ...labels, ...label }, value }] : [];
  });

/** GET /rules/{id}/metrics. */
export const ruleFigures = (rule: string, answer: unknown): Figure[] => nodeMetrics(answer, ruleMetrics, { rule });

/** An action or a connector. */
export interface EmqxResource {
  readonly type: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly nodes: readonly { readonly node: string; readonly connected: boolean }[];
}

/** GET /actions or GET /connectors. */
export const resourcesOf = (answer: unknown): EmqxResource[] =>
  mappings(answer).map(({ type, name, enable, node_status }) => ({
    type: textOf(type),
    name: textOf(name),
    enabled: enable !== false,
    nodes: mappings(node_status).map(({ node, status }) => ({ node: textOf(node), connected: status === 'connected' })),
  }));

/** Whether an action or a connector is enabled, and on which nodes it is connected. */
export const resourceFigures = (
  kind: 'action' | 'connector',
  { type, name, enabled, nodes }: EmqxResource,
): Figure[] => [
  { metric: `emqx_${kind}_enabled`, labels: { type, [kind]: name }, value: Number(enabled) },
  ...nodes.map(({ node, connected }) => ({
    metric: `emqx_${kind}_up`,
    labels: { node, type, [kind]: name },
    value: Number(connected),
  })),
];

/** GET /actions/{type}:{name}/metrics. */
export const actionFigures = ({ type, name }: EmqxResource, answer: unknown): Figure[] =>
  nodeMetrics(answer, actionMetrics, { type, action: name });
