import type { MqttKafkaBridge } from '../api/bridge.ts';
import { parseRule } from './parser.ts';
import { parseSource } from './sources.ts';

type RuleDocument = MqttKafkaBridge['spec']['rules'][number];

/** A part of a valid document that cannot be run. */
export interface UnsupportedPart {
  /** Where it is, e.g. `spec.mqtt.listen`. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * What of the document would have to be ignored; it is refused instead.
 *
 * @param where a `process` runs the bridge alone; in a `cluster` the operator runs a broker for it, or looks one up
 */
export function unsupportedParts({ spec }: MqttKafkaBridge, where: 'process' | 'cluster'): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const refuse = (path: string, what: string, remedy: string) =>
    parts.push({ path, message: `This version of the bridge cannot ${what}.`, remedy });

  if (spec.mqtt.listen) refuse('spec.mqtt.listen', 'be an MQTT server', 'Give the url of a broker in spec.mqtt.url.');
  if (where === 'process') for (const part of operatorParts(spec)) parts.push(part);
  if (spec.delivery.buffer.mode === 'disk')
    refuse(
      'spec.delivery.buffer.mode',
      'buffer on disk',
      'Use memory; messages that are not acknowledged stay with the MQTT broker meanwhile.',
    );
  for (const [index, rule] of spec.rules.entries())
    for (const part of ruleParts(rule, `spec.rules[${index}]`)) parts.push(part);
  return parts;
}

/** What a process has nobody to do for it. */
function operatorParts({ mqtt, kafka }: MqttKafkaBridge['spec']): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const refuse = (path: string, what: string, remedy: string) =>
    parts.push({ path, message: `The bridge cannot ${what}: the operator does.`, remedy });
  const url = 'Give the url of a broker in spec.mqtt.url.';
  if (mqtt.broker) refuse('spec.mqtt.broker', 'start a broker', url);
  if (mqtt.brokerRef) refuse('spec.mqtt.brokerRef', 'look up a broker', url);
  if (kafka.clusterRef)
    refuse(
      'spec.kafka.clusterRef',
      'look up a cluster',
      'Give host:port of the brokers in spec.kafka.bootstrapServers.',
    );
  return parts;
}

/** Records go from Kafka to MQTT, and messages from MQTT to Kafka: a rule is one or the other. */
function ruleParts({ sql, sinks }: RuleDocument, path: string): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const refuse = (at: string, what: string, remedy: string) =>
    parts.push({ path: `${path}.${at}`, message: `This version of the bridge cannot ${what}.`, remedy });
  const { kafka, others, groups } = readBy(sql);
  if (kafka && others) refuse('sql', 'read Kafka and MQTT in one rule', 'Make two rules, one for each.');
  if (kafka && groups)
    refuse('sql', 'count records of Kafka in windows', 'Leave out GROUP BY, or read the same from MQTT.');
  for (const [position, { kafka: toKafka, mqtt }] of sinks.entries()) {
    const sink = `sinks[${position}]`;
    if (kafka && toKafka) refuse(`${sink}.kafka`, 'write what it reads from Kafka to Kafka', 'Use an mqtt sink.');
    if (!kafka && mqtt) refuse(`${sink}.mqtt`, 'write what it reads from MQTT to MQTT', 'Use a kafka sink.');
    if (kafka && mqtt?.qos === 2)
      refuse(
        `${sink}.mqtt.qos`,
        'publish with QoS 2',
        'Use QoS 1, and let subscribers bear a message that comes twice.',
      );
  }
  return parts;
}

/** What a rule reads. What cannot be parsed is reported by the check of the rules. */
function readBy(sql: string): { kafka: boolean; others: boolean; groups: boolean } {
  try {
    const { from, groupBy } = parseRule(sql);
    const kinds = from.map(item => parseSource(sql, item).kind);
    return {
      kafka: kinds.includes('kafka'),
      others: kinds.some(kind => kind !== 'kafka'),
      groups: groupBy !== undefined,
    };
  } catch {
    return { kafka: false, others: true, groups: false };
  }
}

/** Whether a rule reads Kafka topics. */
export const readsKafka = (sql: string): boolean => readBy(sql).kafka;
