/** Which topics of Kafka a document names, and what it does with each. Topics that a template makes are known when messages come, not before. */
import type { BridgeSpec } from '../../api/bridge.ts';
import { sourcesOf } from '../../rules/sources.ts';

export interface TopicUse {
  readonly topic: string;
  readonly reads: boolean;
  readonly writes: boolean;
  /** A rule that writes records without a key. */
  readonly keyless: string | undefined;
  /** Whether records have times of their own. */
  readonly timed: boolean;
  /** Whether the bridge makes it when it is missing. */
  readonly made: boolean;
}

export const topicUses = ({ rules, delivery, kafka }: BridgeSpec): TopicUse[] => {
  const letters = delivery.onFailure.deadLetter?.topic;
  const all = [...rules.flatMap(usesOf), ...(letters === undefined ? [] : [[letters, { writes: true }] as const])];
  const uses = new Map<string, TopicUse>();
  for (const [topic, more] of all) {
    const made = kafka.topics.some(({ name }) => name === topic);
    const before = uses.get(topic) ?? { topic, reads: false, writes: false, keyless: undefined, timed: false, made };
    uses.set(topic, { ...before, ...more });
  }
  return [...uses.values()];
};

type RuleSpec = BridgeSpec['rules'][number];
type Use = readonly [topic: string, more: Partial<TopicUse>];

const usesOf = (rule: RuleSpec): Use[] => {
  const read = sourcesOf(rule.sql).flatMap((source): Use[] =>
    source.kind === 'kafka' && source.pattern === undefined ? [[source.topic, { reads: true }]] : [],
  );
  return [...read, ...rule.sinks.flatMap(sink => writtenBy(sink, rule.name))];
};

const writtenBy = ({ kafka, mqtt }: RuleSpec['sinks'][number], rule: string): Use[] => {
  if (kafka === undefined) return mqtt?.outcome === undefined ? [] : [[mqtt.outcome.topic, { writes: true }]];
  if (isTemplate(kafka.topic)) return [];
  const keyless = kafka.key === undefined ? { keyless: rule } : {};
  const timed = kafka.timestamp === undefined ? {} : { timed: true };
  return [[kafka.topic, { writes: true, ...keyless, ...timed }]];
};

const isTemplate = (text: string): boolean => text.includes('${');
