/** What a rule does, by what the compiler found out about it: which topics, what of the message, which row, where to. */
import type { CloudEvents } from '../api/schema/cloud-events.ts';
import { templatesOf } from './check-templates.ts';
import { compileRule } from './compile.ts';
import { eventPrefix } from './events.ts';
import type { Rule, RuleSource } from './rule.ts';
import type { RuleDocument, SinkDocument } from './rule-document.ts';
import type { Ambient } from './scope.ts';
import { capturedBy } from './sources.ts';
import { type StateLimits, stateLimitsOf } from './state-limits.ts';
import { compileTemplate } from './template.ts';

export interface SourceExplanation {
  readonly kind: 'mqtt' | 'kafka' | 'event';
  /** The topic filter to subscribe to, the Kafka topic or pattern, or the event. */
  readonly topic: string;
  /** Columns that hold a part of the topic: their names, and of an MQTT topic the level from 0. */
  readonly captures: readonly {
    readonly name: string;
    readonly level?: number;
    readonly rest?: true;
    readonly part?: number;
  }[];
  /** As FROM has it, where the rule takes fewer topics than the filter matches. */
  readonly only?: string;
}

/** What becomes of the payload: not looked at, passed on byte for byte, or decoded as JSON (and so refused if it is none). */
export type PayloadUse = 'unused' | 'passed on' | 'parsed';

export interface SinkExplanation {
  readonly kind: 'kafka' | 'mqtt';
  /** Template texts by field, such as `topic` and `key`; of a value that the document leaves out, what then holds. */
  readonly templates: Readonly<Record<string, string>>;
}

export interface StateExplanation {
  /** The window and the keys of GROUP BY, as they are written. */
  readonly groupBy?: { readonly window: string; readonly keys: readonly string[] };
  /** Calls of CHANGED and DEDUP, as they are written. */
  readonly calls: readonly string[];
  /** How many entries all windows together, and each of the calls, may hold. */
  readonly maxEntries: number;
}

export interface RuleExplanation {
  readonly name: string;
  readonly sources: readonly SourceExplanation[];
  /** What of the message rule and sinks read: names, with the keys that lead into them; `*` for all columns. Sorted. */
  readonly reads: readonly string[];
  readonly payload: PayloadUse;
  /** Whether a message can make any number of rows (FOREACH), or one at most, or is only counted (GROUP BY). */
  readonly rows: 'one' | 'any number' | 'one for a window';
  /** Of a rule that remembers messages, what it keeps of them. */
  readonly state?: StateExplanation;
  /** The names of a row at its top level. */
  readonly columns: readonly string[];
  /** Of a rule that looks values up, the tables. */
  readonly tables?: readonly string[];
  readonly sinks: readonly SinkExplanation[];
}

/** Explains a rule of a valid document. Throws what `compileRule` and `compileTemplate` throw. */
export const explainRule = (
  { name, sql, sinks, state }: RuleDocument,
  world: Partial<Ambient> = {},
): RuleExplanation => {
  const rule = compileRule(sql, { knowsPublisher: false, ...world });
  const templates = sinks.flatMap(templatesOf).map(({ text }) => compileTemplate(text, rule));
  const reads = [...new Set([...rule.reads, ...templates.flatMap(template => template.reads)])].sort();
  return {
    name,
    sources: rule.sources.map(explainSource),
    reads,
    payload: payloadUse(rule, reads, rule.readsPayload || templates.some(({ readsPayload }) => readsPayload)),
    rows: rowsOf(rule),
    ...stateOf(rule, stateLimitsOf({ state })),
    columns: rule.columns,
    ...(rule.tables.length > 0 && { tables: rule.tables }),
    sinks: sinks.map(sink => explainSink(sink, rule)),
  };
};

const explainSource = (source: RuleSource): SourceExplanation => {
  const { kind } = source;
  if (kind === 'mqtt') return { kind, topic: source.filter, captures: source.captures };
  if (kind === 'kafka') return { kind, topic: source.topic, captures: capturedBy(source).map(name => ({ name })) };
  return { kind, topic: eventPrefix + source.event.sources[0], captures: [] };
};

const rowsOf = ({ windows, foreach }: Rule): RuleExplanation['rows'] => {
  if (windows !== undefined) return 'one for a window';
  return foreach ? 'any number' : 'one';
};

const stateOf = ({ windows, memories }: Rule, { maxEntries }: StateLimits): Pick<RuleExplanation, 'state'> => {
  if (windows === undefined && memories.length === 0) return {};
  const calls = memories.map(({ call }) => call);
  return { state: { ...(windows && { groupBy: windows.text }), calls, maxEntries } };
};

const payloadUse = ({ columns }: Rule, reads: readonly string[], parsed: boolean): PayloadUse => {
  if (parsed) return 'parsed';
  const read = ['*', 'payload', 'value'].some(name => reads.includes(name) || columns.includes(name));
  return read ? 'passed on' : 'unused';
};

const explainSink = (sink: SinkDocument, rule: Rule): SinkExplanation => {
  const templates = templatesOf(sink).map(({ text, at }) => [fieldName(sink, at), text] as const);
  if (sink.kafka === undefined)
    return { kind: 'mqtt', templates: { payload: '${.}', ...Object.fromEntries(templates), ...chosen(sink) } };
  const value = rule.passesPayload ? '${payload}' : '${.}';
  return { kind: 'kafka', templates: { value, ...Object.fromEntries(templates), ...chosen(sink) } };
};

/** What is not a template, where it is not the usual. */
const chosen = ({ kafka, mqtt }: SinkDocument): Readonly<Record<string, string>> => ({
  ...(mqtt?.qos !== undefined && mqtt.qos !== 1 && { qos: String(mqtt.qos) }),
  ...(mqtt?.retain === true && { retain: 'true' }),
  ...(mqtt?.payloadFormat !== undefined && { payloadFormat: mqtt.payloadFormat }),
  ...(mqtt?.outcome !== undefined && { outcome: mqtt.outcome.topic }),
  ...(mqtt?.mqttProperties === true && { mqttProperties: 'true' }),
  ...(kafka?.emptyAsTombstone === true && { emptyAsTombstone: 'true' }),
  ...(kafka?.mqttHeaders === true && { mqttHeaders: 'true' }),
  ...eventsOf((kafka ?? mqtt)?.cloudEvents),
});

const eventsOf = (events: CloudEvents | undefined): Readonly<Record<string, string>> =>
  events === undefined ? {} : { cloudEvents: events.mode };

/** `key` of ['kafka', 'key']; a header goes by its name, and an attribute of a CloudEvent by its own. */
const fieldName = ({ kafka, mqtt }: SinkDocument, [, field, index, ...rest]: readonly (string | number)[]): string => {
  if (field === 'cloudEvents') {
    const extension = (kafka ?? mqtt)?.cloudEvents?.extensions?.[rest[0] as number]?.name;
    return `CloudEvent ${extension ?? index}`;
  }
  if (typeof index !== 'number') return String(field);
  const named = kafka === undefined ? mqtt?.userProperties : kafka.headers;
  return `${field === 'headers' ? 'header' : 'user property'} ${named?.[index]?.name}`;
};
