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
  if (isMapping(spec.mqtt)) spec.mqtt.clientId ??= metadata.name;
  if (!isMapping(spec.kafka)) return complete;
  spec.kafka.clientId ??= metadata.name;
  if (isMapping(spec.kafka.consumer)) spec.kafka.consumer.groupId ??= metadata.name;
  if (isMapping(spec.kafka.producer)) spec.kafka.producer.idempotent ??= spec.kafka.producer.acks === 'all';
  return complete;
};

/** Checks of one part run although another part is broken, so nothing is taken for granted. */
const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
