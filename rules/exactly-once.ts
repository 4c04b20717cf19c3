/** What a document with `delivery.guarantee: exactlyOnce` must not have, because it would break the promise without a word. */
import type { MqttKafkaBridge } from '../api/bridge.ts';
import type { RetrySection } from '../api/schema/retry.ts';
import { durationMs } from '../api/units.ts';
import { compileRule } from './compile.ts';
import { documentWorld } from './document-world.ts';
import type { Rule } from './rule.ts';
import type { RuleDocument } from './rule-document.ts';
import type { Ambient } from './scope.ts';
import type { UnsupportedPart } from './unsupported-part.ts';

/** @param buffers whether messages of MQTT go through a buffer of their own */
export function exactlyOnceParts(document: MqttKafkaBridge, buffers: boolean): UnsupportedPart[] {
  const { spec } = document;
  if (spec.delivery.guarantee !== 'exactlyOnce') return [];
  const world = documentWorld(document);
  const rules = spec.rules.map(rule => compiled(rule.sql, world));
  const readsMqtt = rules.some(rule => rule?.sources.some(({ kind }) => kind === 'mqtt'));
  return [
    ...spec.rules.flatMap((rule, at) => ofRule(rule, rules[at], `spec.rules[${at}]`)),
    ...ofKafka(spec),
    ...(readsMqtt ? ofMqtt(spec, buffers) : []),
  ];
}

const refusal = (path: string, why: string, remedy: string): UnsupportedPart => ({
  path,
  message: `Exactly once is impossible: ${why}.`,
  remedy: `${remedy}, or set spec.delivery.guarantee to atLeastOnce.`,
});

const elsewhere = 'Move the rule to a bridge with `atLeastOnce`';

function ofRule({ name, sql, sinks }: RuleDocument, rule: Rule | undefined, path: string): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const refuse = (at: string, why: string, remedy = elsewhere) =>
    parts.push(refusal(`${path}.${at}`, `the rule ${name} ${why}`, remedy));
  const kinds = new Set(rule?.sources.map(({ kind }) => kind));
  if (kinds.has('event')) refuse('sql', 'reads events of the bridge, which are not kept anywhere');
  if (rule?.windows !== undefined) refuse('sql', 'has a window, whose count is lost with the process');
  const remembers = rule?.memories.map(({ call }) => call) ?? [];
  for (const call of [...remembers, ...(sql.match(/\b(?:kv_store|proc_dict)_\w+/gi) ?? [])])
    refuse('sql', `remembers messages with ${call}, and a record that is read again would find itself remembered`);
  sinks.forEach(({ kafka, mqtt }, at) => {
    for (const part of ofRetry(kafka?.retry, `${path}.sinks[${at}].kafka.retry`)) parts.push(part);
    if (mqtt === undefined) return;
    refuse(`sinks[${at}].mqtt`, 'writes MQTT, which has no part in transactions of Kafka');
  });
  return parts;
}

/** What an MQTT server delivers again must be recognised: by the identifiers of one session, of QoS 2. */
function ofMqtt({ mqtt }: MqttKafkaBridge['spec'], buffers: boolean): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const refuse = (path: string, why: string, remedy: string) => parts.push(refusal(path, why, remedy));
  if (mqtt.listen) refuse('spec.mqtt.listen', 'sessions of clients are not kept', 'Give the `url` of a broker');
  if (mqtt.qos !== 2)
    refuse('spec.mqtt.qos', 'nothing recognises a message that comes again with a QoS below 2', 'Set `qos: 2`');
  if ((mqtt.urls?.length ?? 1) > 1)
    refuse(
      'spec.mqtt.urls',
      'two servers may have sessions of their own',
      'Give one `url`, of a load balancer if need be',
    );
  if (durationMs(mqtt.sessionExpiry) === 0)
    refuse(
      'spec.mqtt.sessionExpiry',
      'a session that ends with its connection delivers nothing again',
      'Choose a day or more',
    );
  if (buffers)
    refuse('spec.delivery.buffer', 'a buffer acknowledges messages before they are in Kafka', 'Leave it out');
  return parts;
}

function ofKafka({ kafka, delivery }: MqttKafkaBridge['spec']): UnsupportedPart[] {
  const parts: UnsupportedPart[] = [];
  const { acks, idempotent } = kafka.producer;
  if (acks !== 'all')
    parts.push(refusal('spec.kafka.producer.acks', `with acks ${acks} a record may be lost`, 'Set `acks: all`'));
  if (acks === 'all' && !idempotent) {
    const why = 'without numbers a batch that is sent again is written again';
    parts.push(refusal('spec.kafka.producer.idempotent', why, 'Leave `idempotent` out'));
  }
  for (const part of ofRetry(delivery.retry, 'spec.delivery.retry')) parts.push(part);
  return parts;
}

/** A batch that was sent and is given up may be written all the same, and then its transaction cannot be committed. */
const ofRetry = (retry: RetrySection | undefined, path: string): UnsupportedPart[] =>
  (['maxAge', 'maxAttempts'] as const)
    .filter(name => retry?.[name] !== undefined)
    .map(name =>
      refusal(`${path}.${name}`, 'a record that is given up may be written all the same', `Leave \`${name}\` out`),
    );

/** Undefined for one that does not compile, which is another problem. */
function compiled(sql: string, world: Partial<Ambient>): Rule | undefined {
  try {
    return compileRule(sql, world);
  } catch {
    return undefined;
  }
}
