/**
 * An imitation of EMQX's REST API, as its documentation and source describe version 5: paths, paging, Basic login, and the shape of
 * each answer. EMQX itself cannot run where these tests do; whoever changes an answer here should look at a real one.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export const key = { apiKey: 'exporter', apiSecret: 'secret-of-the-key' };

export interface EmqxCluster {
  nodes: string[];
  /** Nodes of the cluster that do not run. */
  stopped: string[];
  /** As `delivery.dropped.queue_full`. */
  queueFull: number;
  version: string;
  /** As `durable_subscriptions.count`; undefined is an EMQX that does not count them. */
  durableSubscriptions: number | undefined;
  connections: number;
  rules: { id: string; enable: boolean; metrics: Record<string, number> }[];
  actions: { type: string; name: string; status: string; metrics: Record<string, number> }[];
  connectors: { type: string; name: string; status: string }[];
  /** By client id. */
  clients: Record<string, object>;
  /** Undefined is an open source EMQX, which has none. */
  license: object | undefined;
}

export interface EmqxImitation {
  readonly url: string;
  readonly cluster: EmqxCluster;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** The most requests that were answered at one time. */
  readonly mostAtOnce: number;
  /** Answers instead of the cluster, if it returns true. */
  intercept: (path: string, response: ServerResponse) => boolean;
  stop(): Promise<void>;
}

const node = 'emqx@10.0.0.1';

const ofEachNode = ({ nodes }: EmqxCluster, metrics: Record<string, number>) => ({
  metrics,
  node_metrics: nodes.map(name => ({ node: name, metrics })),
});

/** GET /actions and /connectors: the configuration, of which a little is here, with the status. */
const resource = ({ nodes }: EmqxCluster, { type, name, status }: { type: string; name: string; status: string }) => ({
  type,
  name,
  enable: true,
  status,
  status_reason: '',
  node_status: nodes.map(each => ({ node: each, status })),
});

/** Of GET /metrics, what only EMQX counts. */
const countedByEmqx = {
  'client.connected': 21,
  'client.disconnected': 14,
  'authentication.success': 19,
  'authentication.failure': 4,
  'authorization.allow': 300,
  'authorization.deny': 6,
  'packets.connack.auth_error': 5,
  'packets.publish.auth_error': 2,
  'packets.subscribe.auth_error': 1,
  'messages.qos0.received': 10,
  'messages.qos1.received': 85,
  'messages.qos2.received': 5,
  'messages.qos0.sent': 9,
  'messages.qos1.sent': 80,
  'messages.qos2.sent': 1,
};

function answer(cluster: EmqxCluster, path: string, query: URLSearchParams): unknown {
  const { nodes, version, durableSubscriptions, rules, actions, connectors, connections, clients, license } = cluster;
  const [kind, id = '', metrics] = path.split('/').map(decodeURIComponent);
  const rule = rules.find(each => each.id === id);
  const action = actions.find(({ type, name }) => `${type}:${name}` === id);
  if (kind === 'nodes') {
    const running = nodes.map(name => ({ node: name, node_status: 'running', uptime: 90_000, version }));
    return [...running, ...cluster.stopped.map(name => ({ node: name, node_status: 'stopped' }))];
  }
  if (kind === 'stats') {
    const stats = {
      'connections.count': connections + 5,
      'live_connections.count': connections,
      'sessions.count': connections + 5,
    };
    return nodes.map(name => ({
      node: name,
      ...stats,
      'subscriptions.count': 2,
      'retained.count': 3,
      'topics.count': 9,
      ...(durableSubscriptions !== undefined && { 'durable_subscriptions.count': durableSubscriptions }),
    }));
  }
  if (kind === 'metrics') {
    const counts = { 'messages.received': 100, 'messages.sent': 90, 'messages.dropped': 12, 'bytes.received': 4096 };
    const dropped = { 'messages.dropped.no_subscribers': 10, 'delivery.dropped.queue_full': cluster.queueFull };
    return nodes.map(name => ({ node: name, ...counts, ...dropped, ...countedByEmqx }));
  }
  if (kind === 'rules' && metrics) return rule && { id, ...ofEachNode(cluster, rule.metrics) };
  if (kind === 'rules') {
    const [page, limit] = [Number(query.get('page')), Number(query.get('limit'))];
    const data = rules
      .slice((page - 1) * limit, page * limit)
      .map(({ id: ruleId, enable }) => ({ id: ruleId, name: '', enable }));
    return { data, meta: { page, limit, count: rules.length, hasnext: page * limit < rules.length } };
  }
  if (kind === 'actions' && metrics) return action && ofEachNode(cluster, action.metrics);
  if (kind === 'actions') return actions.map(each => resource(cluster, each));
  if (kind === 'connectors') return connectors.map(each => resource(cluster, each));
  if (kind === 'clients') return clients[id];
  if (kind === 'license') return license;
  return undefined;
}

const newCluster = (): EmqxCluster => ({
  nodes: [node],
  stopped: [],
  queueFull: 2,
  version: '5.8.0',
  durableSubscriptions: 2,
  connections: 7,
  rules: [
    { id: 'cars', enable: true, metrics: { matched: 10, passed: 8, 'failed.exception': 1, 'failed.no_result': 1 } },
  ],
  actions: [
    {
      type: 'kafka_producer',
      name: 'to kafka',
      status: 'connected',
      metrics: {
        matched: 8,
        success: 5,
        failed: 1,
        retried: 3,
        queuing: 2,
        queuing_bytes: 512,
        inflight: 1,
        'dropped.queue_full': 4,
      },
    },
  ],
  connectors: [{ type: 'kafka_producer', name: 'kafka', status: 'connected' }],
  clients: {},
  license: undefined,
});

/** @param tls PEM texts, for https */
export async function startEmqxImitation(tls?: { cert: string; key: string }): Promise<EmqxImitation> {
  const cluster = newCluster();
  const asked: string[] = [];
  const login = `Basic ${Buffer.from(`${key.apiKey}:${key.apiSecret}`).toString('base64')}`;
  let [now, most] = [0, 0];
  let imitation: EmqxImitation;
  const handle: Parameters<typeof createServer>[1] = (request, response) => {
    const { pathname, search, searchParams } = new URL(request.url!, 'http://emqx');
    asked.push(`${pathname}${search}`);
    most = Math.max(most, ++now);
    response.once('close', () => now--);
    const reply = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (imitation.intercept(pathname, response)) return;
    if (request.headers.authorization !== login) {
      reply(401, { code: 'BAD_API_KEY_OR_SECRET', message: 'Check api_key/api_secret' });
      return;
    }
    const body = pathname.startsWith('/api/v5/')
      ? answer(cluster, pathname.slice('/api/v5/'.length), searchParams)
      : undefined;
    if (body === undefined) reply(404, { code: 'NOT_FOUND', message: 'Not Found' });
    else reply(200, body);
  };
  const server: Server = tls ? createTlsServer(tls, handle) : createServer(handle);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  imitation = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cluster,
    asked,
    get mostAtOnce() {
      return most;
    },
    intercept: () => false,
    stop: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return imitation;
}
