/**
 * Which topics of a Kafka cluster are a bridge's own. A cluster may have thousands, and be shared by many bridges, each with an exporter: so
 * an exporter shows those that its bridge writes, reads or makes, and of every consumer group how far it is behind on them.
 */
import type { BridgeSpec } from '../../../api/bridge.ts';
import { parseTemplate } from '../../../api/template.ts';
import { sourcesOf } from '../../../rules/sources.ts';

/** Names, and patterns in which `*` stands for any characters. In order, each once. */
export function topicPatterns({ kafka, rules, delivery }: BridgeSpec): string[] {
  const { deadLetter } = delivery.onFailure;
  const patterns = [
    ...kafka.topics.map(({ name }) => name),
    ...rules.flatMap(({ sql, sinks }) => [
      ...readBy(sql),
      ...sinks.flatMap(({ kafka, mqtt }) => kafka?.topic ?? mqtt?.outcome?.topic ?? []),
    ]),
    ...(deadLetter ? [deadLetter.topic] : []),
  ].map(patternOf);
  return [...new Set(patterns)].sort();
}

const readBy = (sql: string): string[] =>
  sourcesOf(sql).flatMap(source => (source.kind === 'kafka' ? [source.pattern?.texts.join('*') ?? source.topic] : []));

/** A placeholder may become anything. */
const patternOf = (topic: string): string =>
  parseTemplate(topic)
    .parts.map(part => (typeof part === 'string' ? part : '*'))
    .join('')
    .replaceAll(/[*]+/g, '*');
