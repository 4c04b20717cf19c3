/** Which dead letters somebody wants. */
import { filterMatches } from '../../rules/topic-filter.ts';
import type { Letter } from './letter.ts';

export interface LetterFilter {
  /** Any of these; empty for all. */
  readonly rules: readonly string[];
  readonly codes: readonly string[];
  /** MQTT filters, or names of Kafka topics that records came from. */
  readonly topics: readonly string[];
  readonly key: string | undefined;
  /** Milliseconds since 1970: not before the one, and before the other. */
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/** Whether it is wanted. A record that is no dead letter has no rule, code or source, and is wanted only where none is asked for. */
export function wants(filter: LetterFilter, { reason, source, key, timestamp }: Letter): boolean {
  const { rules, codes, topics, since, until } = filter;
  if (rules.length > 0 && !rules.includes(reason?.rule as string)) return false;
  if (codes.length > 0 && !codes.includes(reason?.code as string)) return false;
  if (topics.length > 0 && (source.kind === 'other' || !topics.some(each => isOf(each, source)))) return false;
  if (filter.key !== undefined && key?.toString() !== filter.key) return false;
  if (since !== undefined && timestamp < since) return false;
  return until === undefined || timestamp < until;
}

/** A Kafka topic has no levels, so what is a wildcard in MQTT would match any of them. */
const isOf = (filter: string, { kind, topic }: { readonly kind: 'mqtt' | 'kafka'; readonly topic: string }): boolean =>
  kind === 'mqtt' ? filterMatches(filter, topic) : filter === topic;
