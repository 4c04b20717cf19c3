import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bridgeAliases,
  bridgeMetricAliases,
  brokerAliases,
  emqxOtherNames,
  licenseAliases,
  nodeAliases,
  ruleAliases,
} from '../../../exporter/emqx/other-names.ts';
import { exporterMetricTable } from '../../../exporter/metrics.ts';
import { license63 } from './support/recorded.ts';

const names = new Set(emqxOtherNames.map(({ name }) => name));

/** What the dashboards of EMQX (EMQ details, EMQ overview) and of emqx-exporter for EMQX 5 ask for. */
const asked = `
  bytes_received bytes_sent client_auth_anonymous client_authenticate client_authorize client_connected client_disconnected client_subscribe
  client_unsubscribe cluster_cpu_load cluster_nodes_running cluster_nodes_stopped cluster_status connections_count connections_max
  delivery_dropped delivery_dropped_expired delivery_dropped_no_local delivery_dropped_qos0_msg delivery_dropped_queue_full
  delivery_dropped_too_large license_expiration_time license_max_client_limit license_remaining_days live_connections_count messages_delayed
  messages_dropped messages_dropped_expired messages_dropped_no_subscribers messages_forward messages_qos0_received messages_qos0_sent
  messages_qos1_received messages_qos1_sent messages_qos2_received messages_qos2_sent messages_received messages_retained messages_sent
  packets_auth_received packets_auth_sent packets_connack_auth_error packets_connack_error packets_connack_sent packets_connect
  packets_disconnect_received packets_disconnect_sent packets_pingreq_received packets_pingresp_sent packets_puback_received
  packets_puback_sent packets_pubcomp_received packets_pubcomp_sent packets_publish_auth_error packets_publish_dropped packets_publish_error
  packets_publish_received packets_publish_sent packets_pubrel_received packets_pubrel_sent packets_suback_sent packets_subscribe_auth_error
  packets_subscribe_error packets_subscribe_received packets_unsuback_sent packets_unsubscribe_error packets_unsubscribe_received
  retained_count retained_max routes_count routes_max rule_action_failed rule_action_success rule_action_total rule_bridge_queuing
  rule_bridge_status rule_exec_exception_count rule_exec_failure_count rule_exec_last5m_rate rule_exec_max_rate rule_exec_no_result_count
  rule_exec_pass_count rule_exec_rate rule_topic_hit_count sessions_count sessions_max suboptions_count suboptions_max subscribers_count
  subscribers_max subscriptions_count subscriptions_max subscriptions_shared_count subscriptions_shared_max topics_count`
  .trim()
  .split(/\s+/);

test.each(asked)('emqx_%s, which a public dashboard asks for, is there', name => {
  expect(names.has(`emqx_${name}`)).toBe(true);
});

test.each([
  'messages_input_period_second',
  'messages_output_period_second',
  'scrape_collector_duration_seconds',
  'authentication_resource_status',
  'authorization_resource_status',
])('emqx_%s is not there, as docs/monitoring.md says of its panel', name => {
  expect(names.has(`emqx_${name}`)).toBe(false);
});

test('no name is there twice, and none is one of ours', () => {
  const ours = exporterMetricTable.map(({ name }) => name);
  expect(names.size).toBe(emqxOtherNames.length);
  expect(ours.filter(name => names.has(name))).toEqual([]);
});

const zeros = new Proxy({}, { get: () => 0, has: () => true });
const everything = [
  ...brokerAliases([new Proxy({ node: 'a' }, { get: (of, name) => Reflect.get(of, name) ?? 0 })]),
  ...nodeAliases([
    { node: 'a', node_status: 'running', uptime: 5000, max_fds: 1024, load1: '0.5', load5: 0.4, load15: 0.3 },
    { node: 'b', node_status: 'stopped' },
  ]),
  ...ruleAliases('r', { node_metrics: [{ node: 'a', metrics: zeros }] }),
  ...bridgeAliases([{ type: 't', name: 'n', status: 'connected' }]),
  ...bridgeMetricAliases({ type: 't', name: 'n' }, { metrics: zeros }),
  ...licenseAliases(license63, 0),
];

test('each name in the table comes from an answer, with the labels of the table', () => {
  const labels = new Map(everything.map(each => [each.metric, ['cluster', ...Object.keys(each.labels)]]));
  expect(new Map(emqxOtherNames.map(each => [each.name, each.labels]))).toEqual(labels);
});

test('a cluster of which one node has stopped says so', () => {
  const value = (metric: string) => everything.find(each => each.metric === metric)?.value;
  expect(value('emqx_cluster_nodes_running')).toBe(1);
  expect(value('emqx_cluster_nodes_stopped')).toBe(1);
  expect(value('emqx_cluster_status')).toBe(1);
  expect(value('emqx_cluster_node_uptime')).toBe(5);
  expect(value('emqx_cluster_cpu_load')).toBe(0.5);
});

test('no answer makes it fail, and no value is anything but a number from 0', () => {
  const key = fc.constantFrom('node', 'metrics', 'node_metrics', 'matched', 'uptime', 'load1', 'expiry_at', 'queuing');
  const { answer } = fc.letrec(tie => ({
    answer: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue(),
      fc.array(tie('answer')),
      fc.dictionary(key, tie('answer')),
    ),
  }));
  fc.assert(
    fc.property(answer, one => {
      const figures = [
        ...brokerAliases(one),
        ...nodeAliases(one),
        ...ruleAliases('r', one),
        ...bridgeAliases(one),
        ...bridgeMetricAliases({ type: 't', name: 'n' }, one),
        ...licenseAliases(one, 1e9),
      ];
      for (const { value } of figures) expect(value).toBeGreaterThanOrEqual(0);
    }),
  );
});
