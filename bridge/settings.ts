/** From the document to what the session and the producer take: quantities as numbers, secrets revealed. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { BridgeSpec, MqttKafkaBridge } from '../api/bridge.ts';
import { resolveSecret, type SecretSources } from '../api/secrets.ts';
import { bytes, durationMs } from '../api/units.ts';
import { kafkaLogin } from '../network/kafka/settings.ts';
import { retryOf, shortestAge } from '../network/retry.ts';
import { shownUrl } from '../network/shown-url.ts';
import { tlsTexts } from '../network/tls-settings.ts';
import type { KafkaSource } from '../rules/rule.ts';
import { buffersMqtt } from '../rules/unsupported.ts';
import { memoryBytes } from './buffer-settings.ts';
import { offsetResetOf } from './kafka/consumer/offset-reset.ts';
import type { ConsumerOptions } from './kafka/consumer/options.ts';
import type { Wanted } from './kafka/consumer/subscription.ts';
import type { ProducerOptions } from './kafka/producer-options.ts';
import type { Login, SessionOptions, Subscription } from './mqtt/options.ts';
import type { PublisherOptions } from './mqtt/publisher/publisher-options.ts';
import type { ReceiptLogOptions } from './sources/receipt-log.ts';
import type { TransactionsOptions } from './transactions.ts';

/** Pauses between requests that Kafka refuses. Short: a leader election takes some hundred milliseconds, and the window is held meanwhile. */
const kafkaRetry = { minDelayMs: 100, maxDelayMs: 1000 };
/** Pauses between attempts to connect to one broker. */
const kafkaReconnect = { minDelayMs: 100, maxDelayMs: 5000 };
const metadataMaxAgeMs = 60_000;
/** In memory mode the bridge holds up to this many messages, or `buffer.maxBytes` of them. */
const memoryWindow = 131_072;
/** Messages of QoS 0 in a buffer are settled at once, and one of QoS 1 before them that waits must not stop them. */
const bufferedWindow = 1_048_576;

/** How many messages may be unsettled at once: a power of two. */
export function windowCapacity(spec: BridgeSpec): number {
  const { mqtt, delivery } = spec;
  if (buffersMqtt(spec)) return bufferedWindow;
  if (delivery.buffer.mode === 'memory') return memoryWindow;
  return 2 ** Math.ceil(Math.log2(mqtt.receiveMaximum));
}

/**
 * @param subscriptions of all rules
 * @param ordinal which replica this is, from 0
 */
export async function sessionOptions(
  { spec }: MqttKafkaBridge,
  subscriptions: readonly Subscription[],
  secrets: SecretSources,
  ordinal: number,
): Promise<SessionOptions> {
  const { mqtt } = spec;
  const login = () => mqttLogin(mqtt, secrets);
  return {
    urls: mqtt.urls ?? [mqtt.url!],
    version: mqtt.version,
    // Not by the number of replicas: a session, and what waits in it, must outlive a change of that.
    clientId: mqtt.share === undefined ? mqtt.clientId : `${mqtt.clientId}-${ordinal}`,
    subscriptions,
    unsubscribe: mqtt.unsubscribe,
    retained: mqtt.retained,
    // Now too, so that a secret that cannot be read is found at start.
    ...(await login()),
    login,
    keepAliveMs: durationMs(mqtt.keepAlive),
    sessionExpirySeconds: Math.ceil(durationMs(mqtt.sessionExpiry) / 1000),
    receiveMaximum: mqtt.receiveMaximum,
    maximumPacketSize: bytes(mqtt.maximumPacketSize),
    connectTimeoutMs: durationMs(mqtt.connectTimeout),
    reconnect: {
      minDelayMs: durationMs(mqtt.reconnect.minDelay),
      maxDelayMs: durationMs(mqtt.reconnect.maxDelay),
    },
    windowCapacity: windowCapacity(spec),
  };
}

/** Who we are to the MQTT server. Throws `secret-unreadable` and `tls-invalid`. */
async function mqttLogin({ auth, tls, webSocket }: BridgeSpec['mqtt'], secrets: SecretSources): Promise<Login> {
  return {
    ...(auth && { username: auth.username }),
    ...(auth?.password && { password: await reveal(auth.password, secrets) }),
    ...(tls && { tls: await tlsTexts(tls, secrets, 'spec.mqtt.tls') }),
    ...(webSocket && { webSocketHeaders: await headersOf(webSocket.headers, secrets) }),
  };
}

/** @param ordinal which replica this is, from 0 */
export async function producerOptions(
  { spec }: MqttKafkaBridge,
  secrets: SecretSources,
  ordinal = 0,
): Promise<ProducerOptions> {
  const { kafka, delivery, rules } = spec;
  const { producer } = kafka;
  const requestTimeoutMs = durationMs(kafka.requestTimeout);
  const retries = rules.flatMap(({ sinks }) =>
    sinks.map(sink => retryOf(delivery.retry, (sink.kafka ?? sink.mqtt)?.retry)),
  );
  return {
    cluster: {
      clientId: kafka.clientId,
      bootstrapServers: kafka.bootstrapServers!,
      metadataMaxAgeMs,
      requestTimeoutMs,
      retry: kafkaRetry,
      reconnect: kafkaReconnect,
      connection: {
        connectTimeout: durationMs(kafka.connectTimeout),
        requestTimeout: requestTimeoutMs,
      },
      login: await kafkaLogin(kafka, secrets, 'spec.kafka'),
    },
    acks: producer.acks,
    idempotent: producer.idempotent,
    compression: producer.compression,
    lingerMs: durationMs(producer.linger),
    batchBytes: bytes(producer.batchBytes),
    ...requestBytes(producer.maxRequestBytes),
    maxBytes: memoryBytes(spec),
    shortestAgeMs: shortestAge(retries),
    deadLetterTopic: delivery.onFailure.deadLetter?.topic,
    topicDefaults: kafka.topicDefaults,
    transaction: isExactlyOnce(spec)
      ? { id: transactionalId(spec, ordinal), timeoutMs: transactionTimeoutMs }
      : undefined,
  };
}

const transactionalId = ({ kafka }: BridgeSpec, ordinal: number): string => `${kafka.clientId}-${ordinal}`;

const isExactlyOnce = ({ delivery }: BridgeSpec): boolean => delivery.guarantee === 'exactlyOnce';

/** The default of Kafka's own clients. Every broker allows it (`transaction.max.timeout.ms`). */
const transactionTimeoutMs = 60_000;
/** The default of Kafka Streams. */
const defaultCommitInterval = '100ms';

/** Undefined without transactions. */
export const transactionsOptions = (spec: BridgeSpec, ordinal: number): TransactionsOptions | undefined =>
  isExactlyOnce(spec)
    ? {
        id: transactionalId(spec, ordinal),
        intervalMs: durationMs(spec.delivery.commitInterval ?? defaultCommitInterval),
      }
    : undefined;

/** Where what was received of MQTT is kept; undefined without transactions. */
export async function receiptLogOptions(
  document: MqttKafkaBridge,
  { clientId, urls }: SessionOptions,
  secrets: SecretSources,
  ordinal: number,
): Promise<ReceiptLogOptions | undefined> {
  const { spec } = document;
  if (!isExactlyOnce(spec)) return undefined;
  const topic = spec.delivery.sessionTopic ?? `${spec.kafka.clientId}-session`;
  const consumer = await consumerOptions(document, [], secrets, ordinal);
  return { topic, key: transactionalId(spec, ordinal), server: shownUrl(urls[0]!), clientId, consumer };
}

/** Any Kafka takes a mebibyte. What more it takes is found out, unless the document says how much. */
export const requestBytes = (given: string | undefined): Pick<ProducerOptions, 'maxRequestBytes' | 'maxGrownBytes'> =>
  given === undefined
    ? { maxRequestBytes: 1024 * 1024, maxGrownBytes: 8 * 1024 * 1024 }
    : { maxRequestBytes: bytes(given), maxGrownBytes: bytes(given) };

/**
 * The publisher is another client than the session, with an id of its own. It keeps a session at the server for QoS 2 and for answers.
 *
 * @param role of the publisher: what stands behind the client id of the bridge
 */
export async function publisherOptions(
  document: MqttKafkaBridge,
  secrets: SecretSources,
  ordinal: number,
  role = 'out',
): Promise<PublisherOptions> {
  const { mqtt, rules } = document.spec;
  const options = await sessionOptions(document, [], secrets, ordinal);
  const sinks = rules.flatMap(rule => rule.sinks.flatMap(sink => sink.mqtt ?? []));
  const asks = sinks.some(({ outcome }) => outcome?.answerWithin !== undefined);
  const keepsSession = asks || sinks.some(({ qos }) => qos === 2);
  const clientId = mqtt.share === undefined ? `${mqtt.clientId}-${role}` : `${mqtt.clientId}-${role}-${ordinal}`;
  return {
    ...options,
    clientId,
    sessionExpirySeconds: keepsSession ? options.sessionExpirySeconds : 0,
    window: mqtt.receiveMaximum,
    answerTopic: asks ? answerTopicOf(clientId) : undefined,
  };
}

/** Where answers come for a publisher. A client id may have signs that a topic must not. */
const answerTopicOf = (clientId: string): string => `answers/${clientId.replace(/[+#]/g, '_')}`;

/** @param topics what the rules read */
export async function consumerOptions(
  document: MqttKafkaBridge,
  topics: readonly KafkaSource[],
  secrets: SecretSources,
  ordinal: number,
): Promise<ConsumerOptions> {
  const { groupId, groupInstanceId, sessionTimeout, offsetReset, discoverEvery } = document.spec.kafka.consumer;
  const { cluster } = await producerOptions(document, secrets);
  const self = { bridge: document.metadata.name, ordinal, host: hostname(), instance: randomUUID() };
  const wanted = { ...wantedBy(topics, document), discoverEveryMs: durationMs(discoverEvery) };
  return {
    cluster,
    groupId,
    instanceId: groupInstanceId && `${groupInstanceId}-${ordinal}`,
    self,
    offsetReset: offsetResetOf(offsetReset),
    wanted,
    sessionTimeoutMs: durationMs(sessionTimeout),
    ...membership,
    commitEveryMs: isExactlyOnce(document.spec) ? undefined : commitEveryMs,
    ...reading,
  };
}

/** Dead letters are never read by a pattern: one that fails again would make the next. */
function wantedBy(topics: readonly KafkaSource[], { spec }: MqttKafkaBridge): Omit<Wanted, 'discoverEveryMs'> {
  const names = topics.filter(({ pattern }) => pattern === undefined).map(({ topic }) => topic);
  const patterns = new Map(topics.flatMap(({ topic, pattern }) => (pattern ? [[topic, pattern] as const] : [])));
  const deadLetters = spec.delivery.onFailure.deadLetter?.topic;
  return { names: [...new Set(names)], patterns, except: new Set(deadLetters === undefined ? [] : [deadLetters]) };
}

const membership = {
  heartbeatMs: 1000,
  rebalanceTimeoutMs: 30_000,
  settleTimeoutMs: 10_000,
};

const commitEveryMs = 1000;

const reading = { fetchBytes: 4 * 1024 * 1024, partitionBytes: 1024 * 1024 };

async function headersOf(
  headers: NonNullable<BridgeSpec['mqtt']['webSocket']>['headers'],
  secrets: SecretSources,
): Promise<Record<string, string>> {
  const entries = headers.map(async header => [header.name, await reveal(header, secrets)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const reveal = async (secret: Parameters<typeof resolveSecret>[0], secrets: SecretSources): Promise<string> =>
  (await resolveSecret(secret, secrets)).reveal();
