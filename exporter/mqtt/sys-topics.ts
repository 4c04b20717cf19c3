/**
 * What brokers publish about themselves under `$SYS`, in our names.
 *
 * MQTT reserves `$SYS` and says nothing of what is in it [MQTT-4.7.2]. Mosquitto (mosquitto(8), "Broker status") and HiveMQ's SYS topic
 * extension share `$SYS/broker/` and some topics below it; EMQX has `$SYS/brokers/<node>/` with one subtree a node.
 *
 * Each topic is subscribed to by itself. `$SYS/#` would be shorter, but EMQX publishes there every connect and disconnect of every
 * client, and thousands of them would come here to be thrown away.
 */
import type { Labels } from '../readings.ts';

interface SysTopic {
  /** The metric without its prefix `mqtt_broker_`. */
  readonly metric: string;
  readonly reason?: string;
  /** What the number is multiplied by. */
  readonly scale?: number;
}

const queueFull = 'queue_full';

/** Below `$SYS/broker/`: Mosquitto, HiveMQ, or both. */
const single: Readonly<Record<string, SysTopic>> = {
  'clients/connected': { metric: 'connections' },
  'clients/total': { metric: 'sessions' },
  'subscriptions/count': { metric: 'subscriptions' },
  'retained messages/count': { metric: 'retained_messages' },
  'messages/retained/count': { metric: 'retained_messages' },
  'store/messages/count': { metric: 'stored_messages' },
  'store/messages/bytes': { metric: 'stored_bytes' },
  'heap/current': { metric: 'heap_bytes' },
  // Mosquitto says "21 seconds", HiveMQ "21".
  uptime: { metric: 'uptime_seconds' },
  'publish/messages/received': { metric: 'messages_received_total' },
  'messages/publish/received': { metric: 'messages_received_total' },
  'publish/messages/sent': { metric: 'messages_sent_total' },
  'messages/publish/sent': { metric: 'messages_sent_total' },
  'publish/messages/dropped': { metric: 'messages_dropped_total', reason: queueFull },
  'messages/publish/dropped': { metric: 'messages_dropped_total', reason: queueFull },
  'messages/received': { metric: 'packets_received_total' },
  'messages/sent': { metric: 'packets_sent_total' },
  'bytes/received': { metric: 'bytes_received_total' },
  'load/bytes/received': { metric: 'bytes_received_total' },
  'bytes/sent': { metric: 'bytes_sent_total' },
  'load/bytes/sent': { metric: 'bytes_sent_total' },
};

/**
 * EMQX's own names of its figures, which are the same in its API and, with slashes, in `$SYS`.
 * `connections.count` has sessions without a connection in it; `live_connections.count` is what others call connections.
 */
export const emqxStats: Readonly<Record<string, SysTopic>> = {
  'live_connections.count': { metric: 'connections' },
  'sessions.count': { metric: 'sessions' },
  'subscriptions.count': { metric: 'subscriptions' },
  'retained.count': { metric: 'retained_messages' },
};

export const emqxMetrics: Readonly<Record<string, SysTopic>> = {
  'messages.received': { metric: 'messages_received_total' },
  'messages.sent': { metric: 'messages_sent_total' },
  'messages.dropped.no_subscribers': { metric: 'messages_dropped_total', reason: 'no_subscribers' },
  'messages.dropped.await_pubrel_timeout': { metric: 'messages_dropped_total', reason: 'await_pubrel_timeout' },
  'messages.dropped.quota_exceeded': { metric: 'messages_dropped_total', reason: 'quota_exceeded' },
  'messages.dropped.receive_maximum': { metric: 'messages_dropped_total', reason: 'receive_maximum' },
  'delivery.dropped.queue_full': { metric: 'messages_dropped_total', reason: queueFull },
  'delivery.dropped.qos0_msg': { metric: 'messages_dropped_total', reason: 'queue_full_qos0' },
  'delivery.dropped.too_large': { metric: 'messages_dropped_total', reason: 'too_large' },
  'delivery.dropped.expired': { metric: 'messages_dropped_total', reason: 'expired' },
  'delivery.dropped.no_local': { metric: 'messages_dropped_total', reason: 'no_local' },
  'packets.received': { metric: 'packets_received_total' },
  'packets.sent': { metric: 'packets_sent_total' },
  'bytes.received': { metric: 'bytes_received_total' },
  'bytes.sent': { metric: 'bytes_sent_total' },
};

const inTopics = (prefix: string, figures: Readonly<Record<string, SysTopic>>): [string, SysTopic][] =>
  Object.entries(figures).map(([name, topic]) => [`${prefix}/${name.replaceAll('.', '/')}`, topic]);

/** Below `$SYS/brokers/<node>/`. EMQX's uptime is in milliseconds. */
const perNode = new Map<string, SysTopic>([
  ...inTopics('stats', emqxStats),
  ...inTopics('metrics', emqxMetrics),
  ['uptime', { metric: 'uptime_seconds', scale: 0.001 }],
]);

/** Every topic filter that has figures. */
export const sysFilters: readonly string[] = [
  ...Object.keys(single).map(name => `$SYS/broker/${name}`),
  ...[...perNode.keys()].map(name => `$SYS/brokers/+/${name}`),
];

/** The metrics that may come from `$SYS`. */
export const sysMetrics: readonly string[] = [
  ...new Set([...Object.values(single), ...perNode.values()].map(({ metric }) => `mqtt_broker_${metric}`)),
];

/** A figure in our names. */
export interface Figure {
  readonly metric: string;
  readonly labels: Labels;
  readonly value: number;
}

/** A figure of the broker; undefined for other topics and for what is not a number. */
export function sysFigure(topic: string, payload: string): Figure | undefined {
  const [, root, ...rest] = topic.split('/');
  const node = root === 'brokers' ? rest.shift() : '';
  const path = rest.join('/');
  const found = root === 'broker' && Object.hasOwn(single, path) ? single[path] : perNode.get(path);
  const number = /^([0-9]+(?:\.[0-9]+)?)(?: seconds)?$/.exec(payload.trim())?.[1];
  if (node === undefined || found === undefined || number === undefined) return undefined;
  return figure(found, node, Number(number));
}

/** A figure that EMQX gives by one of its own names. */
export const figure = ({ metric, reason, scale = 1 }: SysTopic, node: string, value: number): Figure => ({
  metric: `mqtt_broker_${metric}`,
  labels: reason === undefined ? { node } : { node, reason },
  value: value * scale,
});
