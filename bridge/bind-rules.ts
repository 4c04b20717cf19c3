/** The rules of a document, bound to the sinks of a bridge. */
import type { BridgeSpec } from '../api/bridge.ts';
import { retryOf } from '../network/retry.ts';
import type { SinkDocument } from '../rules/rule-document.ts';
import type { Ambient } from '../rules/scope.ts';
import { type BindSink, BoundRule } from './flow/bound-rule.ts';
import type { ClientsSink } from './sinks/clients.ts';
import type { KafkaSink } from './sinks/kafka.ts';
import type { MqttSink } from './sinks/mqtt.ts';

/** Those that the rules write to are there. */
export interface BoundTo {
  readonly kafka: KafkaSink | undefined;
  readonly mqtt: MqttSink | ClientsSink | undefined;
}

/** What makes the sinks of rules, with what the document says of all of them. */
export function binder({ delivery: { mode, retry } }: BridgeSpec, sinks: BoundTo): BindSink {
  return ({ kafka, mqtt }, name, rule) =>
    kafka === undefined
      ? {
          sink: sinks.mqtt!,
          writer: sinks.mqtt!.bind({ queryMode: mode, ...mqtt! }, name, rule),
          retry: retryOf(retry, mqtt!.retry),
          outcome: outcomeOf(mqtt!, sinks),
        }
      : {
          sink: sinks.kafka!,
          writer: sinks.kafka!.bind({ queryMode: mode, ...kafka }, name, rule),
          retry: retryOf(retry, kafka.retry),
        };
}

/**
 * Throws for rules that do not compile.
 *
 * @param firstNumber of the first sink; the others follow
 */
export function bindRules(
  spec: BridgeSpec,
  sinks: BoundTo,
  ambient: Partial<Ambient>,
  firstNumber = 1,
): readonly BoundRule[] {
  const bindSink = binder(spec, sinks);
  const rules: BoundRule[] = [];
  let number = firstNumber;
  for (const document of spec.rules) {
    rules.push(new BoundRule(document, number, bindSink, ambient));
    number += rules.at(-1)!.targets.length;
  }
  return rules;
}

const outcomeOf = ({ outcome }: NonNullable<SinkDocument['mqtt']>, { kafka }: BoundTo) =>
  outcome && { sink: kafka!, box: kafka!.box(outcome.topic) };
