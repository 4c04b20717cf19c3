/** Fills in what a document may leave out, the defaults that depend on other fields among them. */
import { documentField, type MqttKafkaBridge } from './bridge.ts';
import { fillDefaults } from './shape.ts';

/**
 * A copy of a document with every default filled in. The document must be valid: use `load.ts` for what a person wrote.
 * Filling in twice changes nothing.
 */
export const completeDocument = (document: unknown): MqttKafkaBridge => {
  const complete = fillDefaults(documentField, document) as MqttKafkaBridge;
  if (!isMapping(complete)) return complete;
  const { metadata, spec } = complete;
  if (!isMapping(metadata) || !isMapping(spec)) return complete;
  const identity = identityOf(metadata);
  if (isMapping(spec.mqtt)) spec.mqtt.clientId ??= identity;
  if (isMapping(spec.delivery) && isMapping(spec.delivery.buffer))
    spec.delivery.buffer.maxBytes ??= spec.delivery.buffer.mode === 'disk' ? '1GiB' : '64MiB';
  if (!isMapping(spec.kafka)) return complete;
  spec.kafka.clientId ??= identity;
  if (isMapping(spec.kafka.consumer)) {
    spec.kafka.consumer.groupId ??= identity;
    // Kafka's own default would have a killed bridge's partitions wait for 45 seconds.
    spec.kafka.consumer.sessionTimeout ??= spec.kafka.consumer.groupInstanceId === undefined ? '10s' : '1m';
  }
  if (isMapping(spec.kafka.producer)) spec.kafka.producer.idempotent ??= spec.kafka.producer.acks === 'all';
  return complete;
};

/**
 * The annotation that says who a bridge is to its brokers: the default of its client ids and of its consumer group. The operator writes it, with
 * the namespace in it, since two bridges of one name would share a session and a group, and each would get a part of the other's messages.
 */
export const identityAnnotation = 'mqttkafka.dev/identity';

export const identityOf = ({ name, annotations }: MqttKafkaBridge['metadata']): string => {
  const identity = isMapping(annotations) ? annotations[identityAnnotation] : undefined;
  return typeof identity === 'string' && identity !== '' ? identity : name;
};

/** Checks of one part run although another part is broken, so nothing is taken for granted. */
const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
