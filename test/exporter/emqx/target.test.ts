import { readFileSync } from 'node:fs';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { startExporter } from '../support/running.ts';
import { type EmqxImitation, key, startEmqxImitation } from './support/emqx-api.ts';
import { inMemory, license63 } from './support/recorded.ts';

let emqx: EmqxImitation;
beforeEach(async () => {
  emqx = await startEmqxImitation();
  return () => emqx.stop();
});

const start = (changes: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => {
  const { apiKey, apiSecret } = key;
  const target = { name: 'e', url: emqx.url, apiKey, apiSecret: { value: apiSecret }, ...changes };
  return startExporter({ emqx: [target], ...more });
};

const startWithAliases = () => {
  const { apiKey, apiSecret } = key;
  return startExporter({
    aliases: true,
    emqx: [{ name: 'e', url: emqx.url, apiKey, apiSecret: { value: apiSecret } }],
  });
};

type Running = Awaited<ReturnType<typeof start>>;
const round = (exporter: Running, outcome: 'ok' | 'failed') =>
  exporter.shows(`a round that is ${outcome}`, scrape => scrape.value('exporter_collections_total', { outcome })! > 0);

test('the broker, its rules, actions and connectors are shown', async () => {
  const exporter = await start();
  await round(exporter, 'ok');
  const scrape = await exporter.scrape();
  const node = 'emqx@10.0.0.1';
  const action = { node, type: 'kafka_producer', action: 'to kafka' };
  expect({
    up: scrape.value('emqx_api_up'),
    parts: scrape.series('emqx_api_part_up'),
    connections: scrape.value('mqtt_broker_connections', { node }),
    sessions: scrape.value('mqtt_broker_sessions', { node }),
    uptime: scrape.value('mqtt_broker_uptime_seconds', { node }),
    slow: scrape.value('mqtt_broker_messages_dropped_total', { node, reason: 'queue_full' }),
    unwanted: scrape.value('mqtt_broker_messages_dropped_total', { node, reason: 'no_subscribers' }),
    passed: scrape.value('emqx_rule_passed_total', { node, rule: 'cars' }),
    failed: scrape.value('emqx_rule_failed_total', { rule: 'cars', reason: 'exception' }),
    success: scrape.value('emqx_action_success_total', action),
    retried: scrape.value('emqx_action_retried_total', action),
    queuing: scrape.value('emqx_action_queuing', action),
    inflight: scrape.value('emqx_action_inflight', action),
    dropped: scrape.value('emqx_action_dropped_total', { ...action, reason: 'queue_full' }),
    connector: scrape.value('emqx_connector_up', { node, connector: 'kafka' }),
  }).toEqual({
    up: 1,
    parts: [1, 1, 1, 1, 1, 1],
    connections: 7,
    sessions: 12,
    uptime: 90,
    slow: 2,
    unwanted: 10,
    passed: 8,
    failed: 1,
    success: 5,
    retried: 3,
    queuing: 2,
    inflight: 1,
    dropped: 4,
    connector: 1,
  });
  expect(exporter.errors).toEqual([]);
});

test('logins, access rules, connections and each quality of service are counted', async () => {
  const exporter = await start();
  await round(exporter, 'ok');
  const scrape = await exporter.scrape();
  const node = 'emqx@10.0.0.1';
  expect({
    connects: scrape.value('emqx_client_connects_total', { node }),
    disconnects: scrape.value('emqx_client_disconnects_total', { node }),
    logins: ['success', 'failure'].map(result => scrape.value('emqx_authentications_total', { node, result })),
    rights: ['allow', 'deny'].map(result => scrape.value('emqx_authorizations_total', { node, result })),
    refused: ['connect', 'publish', 'subscribe'].map(packet => scrape.value('emqx_refused_packets_total', { packet })),
    received: ['0', '1', '2'].map(qos => scrape.value('emqx_qos_messages_received_total', { qos })),
    sent: ['0', '1', '2'].map(qos => scrape.value('emqx_qos_messages_sent_total', { qos })),
  }).toEqual({
    connects: 21,
    disconnects: 14,
    logins: [19, 4],
    rights: [300, 6],
    refused: [5, 2, 1],
    received: [10, 85, 5],
    sent: [9, 80, 1],
  });
});

// What waited in the broker while the bridge was down was shown nowhere, until the queue was full and the broker dropped.
test('the queue of a bridge is shown while the bridge is not connected, and when its session is gone', async () => {
  emqx.cluster.clients = { 'a/b c': inMemory };
  emqx.cluster.license = license63;
  const exporter = await start({ clients: ['a/b c', 'never there'] });
  await exporter.shows('the queue', scrape => scrape.value('mqtt_client_queue_messages') === 740);
  const scrape = await exporter.scrape();
  expect(scrape.value('mqtt_client_queue_limit_messages', { client: 'a/b c' })).toBe(1000);
  expect(scrape.value('mqtt_client_connected', { client: 'a/b c' })).toBe(0);
  expect(scrape.value('mqtt_client_session', { client: 'never there' })).toBe(0);
  expect(scrape.value('emqx_license_max_sessions')).toBe(25);
  emqx.cluster.clients = {};
  await exporter.shows('no session', after => after.value('mqtt_client_session', { client: 'a/b c' }) === 0);
  await exporter.shows('no queue', after => after.series('mqtt_client_queue_messages').length === 0);
});

test('a list of a thousand clients is a hundred questions a round, and none of them more than four at once', async () => {
  const exporter = await start({ clients: Array.from({ length: 1000 }, (_, index) => `c${index}`) });
  await round(exporter, 'ok');
  await exporter.stop();
  expect(new Set(emqx.asked.filter(path => path.includes('/clients/'))).size).toBe(100);
  expect(emqx.mostAtOnce).toBeLessThanOrEqual(4);
});

test('with aliases, figures are there under the names of EMQX and of its exporter, by cluster', async () => {
  emqx.cluster.license = license63;
  const exporter = await startWithAliases();
  await round(exporter, 'ok');
  const scrape = await exporter.scrape();
  const cluster = 'e';
  expect({
    live: scrape.value('emqx_live_connections_count', { cluster, node: 'emqx@10.0.0.1' }),
    failures: scrape.value('emqx_authentication_failure', { cluster }),
    running: scrape.value('emqx_cluster_nodes_running', { cluster }),
    matched: scrape.value('emqx_rule_topic_hit_count', { cluster, rule: 'cars' }),
    bridge: scrape.value('emqx_rule_bridge_status', { cluster, name: 'to kafka' }),
    queuing: scrape.value('emqx_rule_bridge_queuing', { cluster, name: 'to kafka' }),
    limit: scrape.value('emqx_license_max_client_limit', { cluster }),
    ours: scrape.value('mqtt_broker_connections', { target: 'e' }),
  }).toEqual({ live: 7, failures: 4, running: 1, matched: 10, bridge: 1, queuing: 2, limit: 25, ours: 7 });
});

// EMQX 6.3 refuses whoever asks for figures without credentials, has no /bridges any more, and its keys may be of one scope only.
test('an EMQX 6.3 is watched without what it has taken away, and with a key that may only see the broker', async () => {
  emqx.cluster.version = '6.3.1';
  emqx.cluster.durableSubscriptions = undefined;
  emqx.intercept = (path, response) => {
    if (/^\/api\/v5\/(nodes|stats|metrics)$/.test(path)) return false;
    response.writeHead(/bridges/.test(path) ? 404 : 403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: 'UNAUTHORIZED_ROLE', message: 'scope denied' }));
    return true;
  };
  const exporter = await start();
  await exporter.shows('its figures', scrape => scrape.value('mqtt_broker_connections') === 7);
  await exporter.shows('a round', scrape => scrape.value('exporter_collections_total', { outcome: 'failed' })! > 0);
  const scrape = await exporter.scrape();
  expect(scrape.value('emqx_api_up')).toBe(1);
  expect(scrape.value('emqx_api_part_up', { part: 'broker' })).toBe(1);
  for (const part of ['rules', 'actions', 'connectors']) expect(scrape.value('emqx_api_part_up', { part })).toBe(0);
  expect(emqx.asked.filter(path => /bridges|prometheus/.test(path))).toEqual([]);
});

test('an action that loses its connection is down at the next round', async () => {
  const exporter = await start();
  await exporter.shows('the action up', scrape => scrape.value('emqx_action_up') === 1);
  emqx.cluster.actions[0]!.status = 'disconnected';
  await exporter.shows('the action down', scrape => scrape.value('emqx_action_up') === 0);
});

test('a rule that was deleted disappears', async () => {
  const exporter = await start();
  await exporter.shows('the rule', scrape => scrape.value('emqx_rule_matched_total') === 10);
  emqx.cluster.rules = [];
  await exporter.shows('no rule', scrape => scrape.series('emqx_rule_matched_total').length === 0);
  expect((await exporter.scrape()).value('emqx_api_up')).toBe(1);
});

test('all pages of rules are read, and EMQX is never asked more than four things at once', async () => {
  emqx.cluster.rules = Array.from({ length: 250 }, (_, index) => ({
    id: `r${index}`,
    enable: true,
    metrics: { matched: index },
  }));
  const exporter = await start();
  await exporter.shows('all rules', scrape => scrape.series('emqx_rule_matched_total').length === 250);
  expect(emqx.mostAtOnce).toBeLessThanOrEqual(4);
});

test('a rule that is deleted while it is asked about costs no other', async () => {
  emqx.cluster.rules.push({ id: 'gone', enable: true, metrics: {} });
  emqx.intercept = (path, response) => {
    if (!path.startsWith('/api/v5/rules/gone/')) return false;
    response.writeHead(404).end('{"code":"NOT_FOUND"}');
    return true;
  };
  const exporter = await start();
  await round(exporter, 'ok');
  expect((await exporter.scrape()).value('emqx_rule_matched_total', { rule: 'cars' })).toBe(10);
});

test('an EMQX that has no actions yet shows the rest', async () => {
  emqx.intercept = (path, response) => {
    if (!path.startsWith('/api/v5/actions')) return false;
    response.writeHead(404).end('{}');
    return true;
  };
  const exporter = await start();
  await round(exporter, 'failed');
  const scrape = await exporter.scrape();
  expect(scrape.value('emqx_api_up')).toBe(1);
  expect(scrape.value('emqx_api_part_up', { part: 'actions' })).toBe(0);
  expect(scrape.value('emqx_connector_up')).toBe(1);
  expect(exporter.errors[0]?.code).toBe('emqx-request-failed');
});

test('a wrong secret is told as such, and is not in what is told', async () => {
  const exporter = await start({ apiSecret: { value: 'not the secret' } });
  await round(exporter, 'failed');
  expect((await exporter.scrape()).value('emqx_api_up')).toBe(0);
  expect(exporter.errors[0]?.code).toBe('emqx-not-authorised');
  expect(exporter.errors[0]?.message).not.toContain('not the secret');
});

test('an API that went away is down, its figures disappear, and it comes back', async () => {
  const exporter = await start();
  await exporter.shows('up', scrape => scrape.value('emqx_api_up') === 1);
  emqx.intercept = (_, response) => {
    response.destroy();
    return true;
  };
  await exporter.shows('down', scrape => scrape.value('emqx_api_up') === 0);
  expect((await exporter.scrape()).series('emqx_api_part_up')).toEqual([0, 0, 0, 0, 0, 0]);
  await exporter.shows('no old figures', scrape => scrape.value('mqtt_broker_connections') === undefined);
  emqx.intercept = () => false;
  await exporter.shows('up again', scrape => scrape.value('emqx_api_up') === 1);
});

test('an API that never answers is down after the timeout, and has one question open', async () => {
  emqx.intercept = () => true;
  const exporter = await start({}, { timeout: '1s' });
  await round(exporter, 'failed');
  expect((await exporter.scrape()).value('emqx_api_up')).toBe(0);
  expect(emqx.mostAtOnce).toBe(1);
});

test.each([
  ['no JSON', '<html>', 'it is not JSON'],
  ['too much', ' '.repeat(17 * 1024 * 1024), 'it has more than 16 MiB'],
])('an answer that is %s is refused', async (_, body, reason) => {
  emqx.intercept = (_path, response) => {
    response.writeHead(200).end(body);
    return true;
  };
  const exporter = await start();
  // On a busy machine a round may be over before all of it is read.
  await until(reason, () => exporter.errors.some(({ message }) => message.includes(reason)));
});

describeReal('openssl')('https', () => {
  test('is trusted by our certificate authority, and not without it', async () => {
    const folder = temporaryFolder('emqx');
    onTestFinished(() => removeFolder(folder));
    const { ca, serverCertFile, serverKeyFile } = makeCertificates(folder);
    const secure = await startEmqxImitation({
      cert: readFileSync(serverCertFile, 'utf8'),
      key: readFileSync(serverKeyFile, 'utf8'),
    });
    onTestFinished(() => secure.stop());
    const trusting = await start({ url: secure.url, tls: { ca: { value: ca } } });
    await trusting.shows('up', scrape => scrape.value('emqx_api_up') === 1);
    const doubting = await start({ url: secure.url });
    await doubting.shows('down', scrape => scrape.value('emqx_api_up') === 0);
  });
});

// A broker that loses messages by itself showed nothing anywhere: no account of the bridge has what it was never sent.
test.each([
  ['5.8.8', 2, 1],
  ['5.8.1', undefined, 1],
  ['v5.8.9-elixir', 1, 1],
  ['5.8.8', 0, 0],
  ['5.8.0', 2, 0],
  ['5.8.10', 2, 0],
  ['5.9.1', 2, 0],
  ['6.1.0', 2, 0],
])('EMQX %s with %s subscriptions of durable sessions is unsafe: %d', async (version, durableSubscriptions, unsafe) => {
  Object.assign(emqx.cluster, { version, durableSubscriptions });
  const exporter = await start();
  await exporter.shows('two rounds', scrape => scrape.value('exporter_collections_total', { outcome: 'ok' })! > 1);
  const scrape = await exporter.scrape();
  expect(scrape.value('emqx_durable_sessions_unsafe', { version, node: 'emqx@10.0.0.1' })).toBe(unsafe);
  // Once, although it holds at every round.
  expect(exporter.errors.map(({ code }) => code)).toEqual(unsafe ? ['emqx-durable-sessions-unsafe'] : []);
});
