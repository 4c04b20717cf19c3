/**
 * The rules that dead letters go through: each rule of the document as it is, and once for each of its sinks with that sink alone, since the
 * others have the message already. They are bound as the bridge binds its own.
 *
 * With a destination of the replay's own each of these has one sink, to there. A letter that fails in it is named after what failed before, so that
 * a later replay without the destination still goes to the right sink.
 */
import { compileRule } from '../../rules/compile.ts';
import type { RuleDocument, SinkDocument } from '../../rules/rule-document.ts';
import type { Ambient } from '../../rules/scope.ts';
import { readsTopic } from '../../rules/sources.ts';
import { filterMatches } from '../../rules/topic-filter.ts';
import { type BindSink, BoundRule, pathOf, versionOf } from '../flow/bound-rule.ts';
import type { Route } from '../flow/source.ts';
import type { Letter, Reason } from './letter.ts';
import { targetOf } from './replayable.ts';

/** Where a replay sends to instead of the rules' sinks: a template, as that of a sink. */
export interface Destination {
  readonly kind: 'kafka' | 'mqtt';
  readonly topic: string;
}

/** What a record or an MQTT 5 message has that a replay has sent: when that replay began. */
export const replayedHeader = 'mkb.replayed';

/** A rule as letters of one target go through it. */
interface Part {
  readonly target: string;
  readonly document: RuleDocument;
  readonly original: ConstructorParameters<typeof BoundRule>[4];
}

export class ReplayRules {
  readonly rules: readonly BoundRule[];
  readonly #byTarget: ReadonlyMap<string, BoundRule>;

  /**
   * Throws for rules or a destination that do not compile.
   *
   * @param parts as `partsOf` makes them
   */
  constructor(parts: readonly Part[], bind: BindSink, ambient: Partial<Ambient>) {
    const byTarget = new Map<string, BoundRule>();
    let number = 1;
    for (const { target, document, original } of parts) {
      // A message that a window would have counted belongs to a time that is over.
      if (compileRule(document.sql, ambient).windows !== undefined) continue;
      const rule = new BoundRule(document, number, bind, ambient, original);
      number += rule.targets.length;
      byTarget.set(target, rule);
    }
    this.rules = [...byTarget.values()];
    this.#byTarget = byTarget;
  }

  /** The rule that the letter goes through; undefined if the document has none such. */
  of(reason: Reason): BoundRule | undefined {
    return this.#byTarget.get(targetOf(reason));
  }

  /** With what FROM captures; undefined if FROM does not read the topic that the letter came from. */
  route(rule: BoundRule, { source }: Letter): Route | undefined {
    if (source.kind === 'other') return undefined;
    const from =
      source.kind === 'mqtt'
        ? rule.filters.find(({ filter }) => filterMatches(filter, source.topic))
        : rule.topics.find(each => readsTopic(each, source.topic));
    return from && { rule, captures: rule.captures(from, source.topic) };
  }
}

/** The rules of a replay, before they are bound. @param began RFC 3339 */
export function partsOf(
  documents: readonly RuleDocument[],
  destination: Destination | undefined,
  began: string,
): readonly Part[] {
  return documents.flatMap(document => {
    const version = versionOf(document);
    const part = (target: string, sinks: readonly SinkDocument[], paths: readonly (string | undefined)[]): Part => ({
      target,
      document: { ...document, sinks: sinks.map(sink => marked(sink, began)) },
      original: { version, paths },
    });
    const { name, sinks } = document;
    const paths = sinks.map(pathOf);
    const whole = destination ? part(name, [sinkTo(destination, sinks)], [undefined]) : part(name, sinks, paths);
    const single = sinks.map((sink, index) =>
      part(`${name} ${paths[index]}`, [destination ? sinkTo(destination, [sink]) : sink], [paths[index]]),
    );
    return [whole, ...single];
  });
}

/** As the first of the sinks that is of its kind, or a plain one. An answer is none of its business. */
function sinkTo({ kind, topic }: Destination, sinks: readonly SinkDocument[]): SinkDocument {
  if (kind === 'kafka') {
    const like = sinks.find(({ kafka }) => kafka !== undefined)?.kafka;
    const { partition: _, ...rest } = like ?? { emptyAsTombstone: false, mqttHeaders: false };
    return { kafka: { ...rest, topic } };
  }
  const like = sinks.find(({ mqtt }) => mqtt !== undefined)?.mqtt;
  const { outcome: _, ...rest } = like ?? { qos: 1 as const, retain: false, mqttProperties: false };
  return { mqtt: { ...rest, topic } };
}

function marked({ kafka, mqtt }: SinkDocument, began: string): SinkDocument {
  const mark = { name: replayedHeader, value: began };
  if (kafka !== undefined) return { kafka: { ...kafka, headers: [...(kafka.headers ?? []), mark] } };
  return { mqtt: { ...mqtt!, userProperties: [...(mqtt!.userProperties ?? []), mark] } };
}
