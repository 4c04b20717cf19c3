/** Kafka records made by hand, to try a rule on: for `mkb eval`, the REPL and `mkb test`. */
import { decodeJson } from './json.ts';
import type { KafkaRecord } from './message.ts';
import type { Captures, Rule } from './rule.ts';
import { captureTopic, readsTopic } from './sources.ts';

export const kafkaPrefix = '$kafka/';

export interface ExampleRecordOptions {
  /** `$kafka/` and the topic. */
  readonly topic: string;
  readonly key?: Buffer | undefined;
  /** Undefined for a tombstone. */
  readonly value?: Buffer | undefined;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly partition?: number | undefined;
  readonly offset?: bigint | undefined;
}

/** What the captures of a rule hold for a Kafka topic, by the first name of FROM that matches; undefined if none does. */
export const recordCaptures = (rule: Rule, topic: string): Captures | undefined => {
  if (!topic.startsWith(kafkaPrefix)) return undefined;
  const name = topic.slice(kafkaPrefix.length);
  const source = rule.sources.find(each => readsTopic(each, name));
  return source && captureTopic(rule.captureNames, source, name);
};

/** The record as the bridge would hand it to a rule: the first one of partition 0, if nothing else is said. */
export const exampleRecord = ({
  topic,
  key,
  value,
  headers = [],
  timestamp,
  partition = 0,
  offset = 0n,
}: ExampleRecordOptions): KafkaRecord => ({
  topic: topic.slice(kafkaPrefix.length),
  key,
  value,
  headers: Object.fromEntries(headers),
  rawHeaders: headers.map(([name, text]) => [name, Buffer.from(text)]),
  offset,
  partition,
  ts: timestamp,
  ts_type: 'create',
  json: () => decodeJson(value ?? Buffer.alloc(0)),
});
