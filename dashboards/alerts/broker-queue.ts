/**
 * What waits in the MQTT broker is the limit of the guarantee: a broker whose queue is full drops what comes next, and no account of a bridge has
 * it. So there is an alert before that.
 *
 * The value is the time that is left, which is what a person wants to know: what is free, divided by how fast it shrinks. A queue that is full grows
 * no more, and a line through it would have all the time in the world; it is 0 by itself. Nothing is said of a queue that is nearly empty,
 * however fast it grows: Kafka may be back in a minute.
 *
 * Three figures may say how full it is, by broker: the queue of the bridge's own client (EMQX), all messages that wait (Mosquitto, where its
 * document says how many may), and the memory that it uses for them.
 */
import type { Alert } from './alert.ts';

const horizonSeconds = 3600;
/** How far back the line goes. */
const window = '10m';
/** A part that is in use at least. */
const inUse = 0.2;
/** A part at which it is taken for full. */
const full = 0.95;

/** How full the queues are, and how much may wait in each. */
export const brokerQueues = [
  { level: 'mqtt_client_queue_messages', limit: 'mqtt_client_queue_limit_messages' },
  { level: 'mqtt_broker_stored_messages', limit: 'mqtt_broker_queue_limit_messages' },
  { level: 'mqtt_broker_heap_bytes', limit: 'mqtt_broker_memory_limit_bytes' },
] as const;

type Queue = (typeof brokerQueues)[number];

const by = 'max by (target, client)';

/** Seconds until it is full. */
const timeLeft = ({ level, limit }: Queue): string => {
  const [now, most] = [`${by} (${level})`, `${by} (${limit})`];
  const growth = `(${by} (deriv(${level}[${window}])) > 0)`;
  return [
    `0 * (${now} >= ${full} * ${most})`,
    `(${most} - ${now}) / ${growth} < ${horizonSeconds} and ${now} > ${inUse} * ${most}`,
  ].join(' or ');
};

/** The part of each queue that is in use, 0 to 1. Each has a name of its own: one broker may have several. */
export const queuesInUse = (matchers: string): string =>
  brokerQueues
    .map(({ level, limit }) => `${by} (${level}{${matchers}}) / ${by} (${limit}{${matchers}})`)
    .map((part, index) => `label_replace(${part}, "queue", "${brokerQueues[index]!.level}", "", "")`)
    .join(' or ');

export const brokerQueueFilling: Alert = {
  name: 'MqttBrokerQueueFilling',
  expr: brokerQueues.map(timeLeft).join(' or '),
  for: '2m',
  // A broker that is down, or whose API is, says nothing of what waits in it.
  keepFiringFor: '10m',
  severity: 'critical',
  dashboard: 'broker',
  summary:
    'The queue of MQTT broker {{ $labels.target }} {{ with $labels.client }}for {{ . }} {{ end }}is nearly full.',
  description:
    'If it goes on like in the last 10 minutes, the queue{{ with $labels.client }} of {{ . }}{{ end }} is full in {{ $value | humanizeDuration }}. Then the broker drops what comes next, which no bridge ever sees.',
};
