/** What a bridge is made of, read from its document: secrets revealed, options as the parts take them. */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { identityOf } from '../api/complete.ts';
import { MkbError } from '../api/errors.ts';
import type { SecretSources } from '../api/secrets.ts';
import { documentWorld } from '../rules/document-world.ts';
import { JqThreads } from '../rules/jq/threads.ts';
import type { Ambient } from '../rules/scope.ts';
import { sourcesOf } from '../rules/sources.ts';
import { unsupportedParts } from '../rules/unsupported.ts';
import type { BufferOptions } from './buffer/options.ts';
import { bufferOptions, memoryBytes } from './buffer-settings.ts';
import type { ListenOptions } from './listen/options.ts';
import { listenOptions } from './listen-settings.ts';
import type { SessionOptions } from './mqtt/options.ts';
import type { Logger } from './observe/log.ts';
import { prepareRegistries, type Registries } from './registry/registries.ts';
import {
  consumerOptions,
  producerOptions,
  publisherOptions,
  receiptLogOptions,
  sessionOptions,
  transactionsOptions,
} from './settings.ts';
import type { ClientsSinkOptions } from './sinks/clients.ts';
import type { KafkaSinkOptions } from './sinks/kafka.ts';
import type { MqttSinkOptions } from './sinks/mqtt.ts';
import type { KafkaSourceOptions } from './sources/kafka.ts';
import type { MqttSourceOptions } from './sources/mqtt.ts';
import { planSubscriptions } from './sources/mqtt-subscriptions.ts';
import { type ReceiptLogOptions, withReceiptTopic } from './sources/receipt-log.ts';
import { TableFeeds } from './tables/table-feeds.ts';
import type { TransactionsOptions } from './transactions.ts';

export interface BridgeOptions {
  readonly secrets: SecretSources;
  readonly log: Logger;
  /** Which replica this is, from 0. It is part of the client id when the document has `mqtt.share`. */
  readonly ordinal?: number;
}

/** What a bridge is made of beside its document and its rules. A part that no rule needs is undefined. */
export interface BridgeParts {
  /** Of the bridge's session at a broker, whether or not a rule reads MQTT: it may have one from an earlier document. */
  readonly session: SessionOptions | undefined;
  /** Of a bridge that is the MQTT server itself. */
  readonly listen: ListenOptions | undefined;
  /** Of such a bridge: before the pipeline, for what its clients publish. */
  readonly clientsBuffer: BufferOptions | undefined;
  readonly mqttSource:
    | (Omit<MqttSourceOptions, 'rules'> & {
        readonly buffer?: BufferOptions | undefined;
        readonly receipts?: ReceiptLogOptions | undefined;
      })
    | undefined;
  readonly kafkaSource: Omit<KafkaSourceOptions, 'rules'> | undefined;
  readonly kafkaSink: KafkaSinkOptions | undefined;
  readonly mqttSink: MqttSinkOptions | undefined;
  /** Of all records; undefined with `delivery.guarantee: atLeastOnce`. */
  readonly transactions: TransactionsOptions | undefined;
  /** In its place, of a bridge that is the MQTT server itself. */
  readonly clientsSink: Omit<ClientsSinkOptions, 'sessions'> | undefined;
  readonly registries: Registries;
  readonly tables: TableFeeds;
  /** What rules run jq with. */
  readonly jq: JqThreads;
  /** What rules are compiled with. */
  readonly ambient: Partial<Ambient>;
}

const writesKafka = ({ rules, delivery }: MqttKafkaBridge['spec']): boolean =>
  delivery.onFailure.deadLetter !== undefined ||
  rules.some(({ sinks }) => sinks.some(({ kafka, mqtt }) => kafka !== undefined || mqtt?.outcome !== undefined));

/** Throws for secrets that cannot be read, and parts that a bridge cannot run. */
export async function prepareParts(
  document: MqttKafkaBridge,
  { secrets, ordinal = 0 }: BridgeOptions,
): Promise<BridgeParts> {
  const unsupported = unsupportedParts(document, 'process')[0];
  if (unsupported) throw new MkbError('part-unsupported', unsupported);
  const { spec } = document;
  const world = documentWorld(document);
  const tables = new TableFeeds(world.tables);
  const jq = new JqThreads();
  const deadLetterTopic = spec.delivery.onFailure.deadLetter?.topic;
  const sources = spec.rules.flatMap(({ sql }) => sourcesOf(sql));
  const filters = sources.flatMap(source => (source.kind === 'mqtt' ? [source.filter] : []));
  const topics = sources.filter(source => source.kind === 'kafka');
  const sinks = spec.rules.flatMap(rule => rule.sinks);
  const writesMqtt = sinks.some(({ mqtt }) => mqtt !== undefined);
  const { subscriptions, ownerOf } = planSubscriptions(filters, spec.mqtt);
  const maxBytes = memoryBytes(spec);
  const [session, listen, buffer, consumer, producer, publisher, registries] = await Promise.all([
    spec.mqtt.listen ? undefined : sessionOptions(document, subscriptions, secrets, ordinal),
    listenOptions(document, secrets),
    bufferOptions(document, secrets, ordinal),
    topics.length === 0 ? undefined : consumerOptions(document, topics, secrets, ordinal),
    writesKafka(spec) ? producerOptions(document, secrets, ordinal) : undefined,
    writesMqtt && !spec.mqtt.listen ? publisherOptions(document, secrets, ordinal) : undefined,
    prepareRegistries(spec.schemas, world.schemas, secrets),
  ]);
  // Two directions: neither ends for what is refused to the other.
  const persistent = filters.length > 0 && topics.length > 0;
  const readsMqtt = filters.length > 0 ? session : undefined;
  const receipts = readsMqtt && (await receiptLogOptions(document, readsMqtt, secrets, ordinal));
  return {
    session,
    listen,
    clientsBuffer: buffer,
    mqttSource: readsMqtt && { session: { ...readsMqtt, persistent }, ownerOf, buffer, receipts },
    kafkaSource: consumer && { consumer, maxRecords: spec.mqtt.receiveMaximum, maxBytes, persistent },
    kafkaSink: producer && {
      bridge: identityOf(document.metadata),
      producer,
      topics: withReceiptTopic(spec.kafka.topics, receipts?.topic),
      deadLetterTopic,
    },
    mqttSink: publisher && { bridge: identityOf(document.metadata), publisher: { ...publisher, persistent }, maxBytes },
    transactions: transactionsOptions(spec, ordinal),
    clientsSink: writesMqtt && listen ? { bridge: identityOf(document.metadata), maxBytes } : undefined,
    registries,
    tables,
    jq,
    ambient: { ...world, askJq: jq.ask },
  };
}
