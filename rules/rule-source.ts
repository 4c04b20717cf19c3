/** What FROM names: where a rule reads. */
import type { EventDefinition } from './events.ts';
import type { TopicPattern } from './topic-pattern.ts';

/** A capture: the name it gives, and the level it stands at, from 0. */
export interface Capture {
  readonly name: string;
  readonly level: number;
}

export interface MqttSource {
  readonly kind: 'mqtt';
  /** A valid MQTT topic filter; captures are turned to `+`. */
  readonly filter: string;
  readonly captures: readonly Capture[];
}

export interface KafkaSource {
  readonly kind: 'kafka';
  /** A topic, or a pattern over topics as FROM has it. */
  readonly topic: string;
  /** Undefined for one topic. */
  readonly pattern: TopicPattern | undefined;
}

/** What happens to the bridge itself. A rule that reads it reads nothing else. */
export interface EventSource {
  readonly kind: 'event';
  readonly event: EventDefinition;
}

/** One name of FROM. */
export type RuleSource = MqttSource | KafkaSource | EventSource;
