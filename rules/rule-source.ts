/** What FROM names: where a rule reads. */
import type { EventDefinition } from './events.ts';
import type { TopicPattern } from './topic-pattern.ts';

/** A capture: the name it gives, and the level it stands at, from 0. */
export interface Capture {
  readonly name: string;
  readonly level: number;
  /** Of `{name}#`: that it takes all levels from there. */
  readonly rest?: true;
  /** Of `switch:{name}`: which of the captures of that level it is, from 0. */
  readonly part?: number;
}

/** A level of which captures take parts. */
export interface LevelPattern {
  readonly level: number;
  readonly pattern: TopicPattern;
}

export interface MqttSource {
  readonly kind: 'mqtt';
  /** A valid MQTT topic filter; captures are turned to `+`, or to `#`. */
  readonly filter: string;
  readonly captures: readonly Capture[];
  /** Levels that the filter leaves open and FROM does not: see `sourceMatches`. */
  readonly patterns?: readonly LevelPattern[];
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
