/** What of a change of rules needs a connection that the bridge does not have, or has otherwise: named, so that it is refused and not ignored. */
import { isDeepStrictEqual } from 'node:util';
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { BridgeParts } from '../parts.ts';

/** Fields of the next document, each with the reason; empty if the parts of the bridge serve its rules as they are. */
export function partsChanged(before: BridgeParts, after: BridgeParts): readonly string[] {
  const changed: string[] = [];
  const check = (same: boolean, what: string): void => {
    if (!same) changed.push(`spec.rules (${what})`);
  };
  const [kafkaBefore, kafkaAfter] = [before.kafkaSource?.consumer.wanted, after.kafkaSource?.consumer.wanted];
  const isThere = (part: keyof BridgeParts, what: string) =>
    check((before[part] === undefined) === (after[part] === undefined), what);
  isThere('mqttSource', 'whether any of them reads MQTT');
  check(isDeepStrictEqual(kafkaBefore, kafkaAfter), 'which topics of Kafka they read');
  // What is not needed any more stays, idle.
  check(before.kafkaSink !== undefined || after.kafkaSink === undefined, 'the first that writes to Kafka');
  check(before.mqttSink !== undefined || after.mqttSink === undefined, 'the first that writes to MQTT');
  check(before.clientsSink !== undefined || after.clientsSink === undefined, 'the first that writes to clients');
  const [own, next] = [before.mqttSink?.publisher, after.mqttSink?.publisher];
  if (own && next) {
    check(own.answerTopic !== undefined || next.answerTopic === undefined, 'the first with outcome.answerWithin');
    check(own.sessionExpirySeconds >= next.sessionExpirySeconds, 'the first that publishes with QoS 2');
  }
  return changed;
}

/** Sinks that write to a topic of Kafka in another mode than sinks did: a topic keeps its mode. */
export function modesChanged(before: MqttKafkaBridge, after: MqttKafkaBridge): readonly string[] {
  const modes = new Map(kafkaSinks(before).map(({ topic, mode }) => [topic, mode]));
  return kafkaSinks(after).flatMap(({ topic, mode, path }) =>
    (modes.get(topic) ?? mode) === mode ? [] : [`${path}.queryMode`],
  );
}

const kafkaSinks = ({ spec }: MqttKafkaBridge) =>
  spec.rules.flatMap(({ sinks }, rule) =>
    sinks.flatMap(({ kafka }, sink) =>
      kafka === undefined
        ? []
        : [
            {
              topic: kafka.topic,
              mode: kafka.queryMode ?? spec.delivery.mode,
              path: `spec.rules[${rule}].sinks[${sink}].kafka`,
            },
          ],
    ),
  );
