/**
 * The rules that dead letters go through: each rule of the document as it is, and once for each of its sinks with that sink alone, since the
 * others have the message already. They are bound as the bridge binds its own.
 *
 * With a destination of the replay's own each of these has one sink, to there. A letter that fails in it is named after what failed before, so that
 * a later replay without the destination still goes to the right sink. However many they are, they share the rate limits of the rule and of its sinks.
 */
import { compileRule } from '../../rules/compile.ts';
import { sourceMatches } from '../../rules/mqtt-source.ts';
import type { RuleDocument, SinkDocument } from '../../rules/rule-document.ts';
import type { Ambient } from '../../rules/scope.ts';
import { readsTopic } from '../../rules/sources.ts';
import { type BindSink, BoundRule, pathOf, versionOf } from '../flow/bound-rule.ts';
import { type RateLimits, rateLimitsOf } from '../flow/rate-limit.ts';
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

/** A sink of a part. */
interface Place {
  readonly sink: SinkDocument;
  readonly path: string | undefined;
  readonly limit: RateLimits['sinks'][number];
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
        ? rule.filters.find(filter => sourceMatches(filter, source.topic))
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
    const { name, sinks } = document;
    const limits = rateLimitsOf(document);
    const part = (target: string, places: readonly Place[]): Part => ({
      target,
      document: { ...document, sinks: places.map(({ sink }) => marked(sink, began)) },
      original: {
        version,
        paths: places.map(({ path }) => path),
        limits: { rule: limits.rule, sinks: places.map(({ limit }) => limit) },
      },
    });
    const own = sinks.map((sink, index): Place => ({ sink, path: pathOf(sink, index), limit: limits.sinks[index] }));
    const places = destination === undefined ? own : own.map(place => placeTo(destination, [place], place.path));
    const whole = destination === undefined ? own : [placeTo(destination, own, undefined)];
    return [part(name, whole), ...places.map(place => part(`${name} ${place.path}`, [place]))];
  });
}

/** As the first of the sinks that is of its kind, or a plain one. An answer is none of its business. */
function placeTo({ kind, topic }: Destination, places: readonly Place[], path: string | undefined): Place {
  const like = places.find(({ sink }) => sink[kind] !== undefined);
  return { sink: sinkTo(kind, topic, like?.sink), path, limit: like?.limit };
}

function sinkTo(kind: Destination['kind'], topic: string, like: SinkDocument | undefined): SinkDocument {
  if (kind === 'kafka') {
    const { partition: _, ...rest } = like?.kafka ?? { emptyAsTombstone: false, mqttHeaders: false };
    return { kafka: { ...rest, topic } };
  }
  const { outcome: _, ...rest } = like?.mqtt ?? { qos: 1 as const, retain: false, mqttProperties: false };
  return { mqtt: { ...rest, topic } };
}

function marked({ kafka, mqtt }: SinkDocument, began: string): SinkDocument {
  const mark = { name: replayedHeader, value: began };
  if (kafka !== undefined) return { kafka: { ...kafka, headers: [...(kafka.headers ?? []), mark] } };
  return { mqtt: { ...mqtt!, userProperties: [...(mqtt!.userProperties ?? []), mark] } };
}
