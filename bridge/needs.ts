/** What a source waits for, and nothing else: neither direction can hold the other up. */
import type { BoundRule } from './flow/bound-rule.ts';
import { rulesOf } from './flow/fed-rules.ts';
import type { Sink } from './flow/sink.ts';
import type { Source } from './flow/source.ts';
import type { KafkaSink } from './sinks/kafka.ts';

export interface Needs {
  readonly rules: readonly BoundRule[];
  readonly kafkaSink: KafkaSink | undefined;
}

export function sinksOf(source: Source, { rules, kafkaSink }: Needs): ReadonlySet<Sink> {
  const fed = rulesOf(source, rules);
  const sinks = new Set(fed.flatMap(rule => rule.targets.map(({ sink }) => sink)));
  if (fed.length > 0 && kafkaSink?.letterBox) sinks.add(kafkaSink);
  return sinks;
}

/** When a sink that a source needs for dead letters alone can be used: topics that others write to are not its concern. */
export function usable(sink: Sink, source: Source, { rules, kafkaSink }: Needs): Promise<void> | undefined {
  const writes = rulesOf(source, rules).some(rule => rule.targets.some(each => each.sink === sink));
  return sink === kafkaSink && !writes ? kafkaSink.reached : undefined;
}
