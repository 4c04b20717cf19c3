/**
 * What FROM names: MQTT topic filters, Kafka topics and patterns over them, and events of the bridge itself.
 *
 * `{name}` stands for exactly one level, as `+` does, and gives the rule a column with that level's text; `{name}#` for the rest of the topic, and
 * `switch:{name}` for a part of a level (mqtt-source.ts). A PUBLISH behind a broker does not say who sent it, so this is how a rule knows the
 * client. In a Kafka topic, which has no levels, it stands for some characters (topic-pattern.ts).
 */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { eventPrefix, eventRefusal, events, findEvent } from './events.ts';
import { mqttCaptures, parseMqttSource } from './mqtt-source.ts';
import { parseRule } from './parser.ts';
import { placeAt } from './position.ts';
import type { EventSource, KafkaSource, MqttSource, RuleSource } from './rule-source.ts';
import type { FromItem } from './syntax.ts';
import { matchTopic, parseTopicPattern } from './topic-pattern.ts';

/** Reads all names of FROM. Throws as `parseSource`, and for a rule that reads events and messages. */
export const parseSources = (sql: string, items: readonly FromItem[]): RuleSource[] => {
  const sources = items.map(item => parseSource(sql, item));
  const other = sources.findIndex(({ kind }) => (kind === 'event') !== (sources[0]!.kind === 'event'));
  if (other >= 0) invalid(sql, items[other]!, 'events and messages cannot be read by one rule; make two');
  return sources;
};

/** Reads one name of FROM. Throws `rule-source-invalid`, or `rule-unsupported` for EMQX sources that this version does not have. */
export const parseSource = (sql: string, item: FromItem): RuleSource => {
  const { text } = item;
  const unsupported = unsupportedPrefixes.find(({ prefix }) => text.startsWith(prefix));
  if (unsupported !== undefined) {
    throw new MkbError('rule-unsupported', { ...placeAt(sql, item.start), what: `"${text}" (${unsupported.reason})` });
  }
  if (text.startsWith('$kafka/')) return kafkaSource(sql, item);
  if (text.startsWith(eventPrefix)) return eventSource(sql, item);
  return mqttSource(sql, item);
};

const unsupportedPrefixes: readonly { readonly prefix: string; readonly reason: string }[] = [
  { prefix: '$bridges/', reason: 'an EMQX data bridge; a Kafka topic is "$kafka/<topic>"' },
  { prefix: '$sources/', reason: 'an EMQX source; a Kafka topic is "$kafka/<topic>"' },
  { prefix: '$share/', reason: 'shared subscriptions are set for the whole bridge, with spec.mqtt.share' },
];

const invalid = (sql: string, { text, start }: FromItem, reason: string): never => {
  throw new MkbError('rule-source-invalid', { ...placeAt(sql, start), source: text, reason });
};

const kafkaSource = (sql: string, item: FromItem): KafkaSource => {
  const topic = item.text.slice('$kafka/'.length);
  const pattern = parseTopicPattern(topic);
  if (typeof pattern === 'string') return invalid(sql, item, pattern);
  const name = pattern === undefined ? topic : pattern.texts.join('');
  if (/[+#]/.test(name))
    invalid(sql, item, '`+` and `#` are wildcards of MQTT; in the name of a Kafka topic write `*`');
  if (/[\\^$|?()[\]]/.test(name)) invalid(sql, item, 'it is no regular expression: `*` stands for any characters');
  // Of a pattern nothing but wildcards may be left.
  const characters = pattern === undefined ? /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/ : /^[a-zA-Z0-9._-]{0,248}$/;
  if (!characters.test(name))
    invalid(sql, item, 'a Kafka topic has 1 to 249 letters, digits, dots, dashes or underscores');
  return { kind: 'kafka', topic, pattern };
};

const eventSource = (sql: string, item: FromItem): EventSource => {
  const name = item.text.slice(eventPrefix.length);
  const event = findEvent(name);
  if (event !== undefined) return { kind: 'event', event };
  const reason = eventRefusal(name);
  if (reason !== undefined)
    throw new MkbError('rule-unsupported', { ...placeAt(sql, item.start), what: `"${item.text}" (${reason})` });
  const all = events.flatMap(({ sources }) => sources);
  const near = nearest(name, all);
  const known = `${eventPrefix}${near ?? all.join(`, ${eventPrefix}`)}`;
  return invalid(
    sql,
    item,
    near === undefined ? `events are ${known}` : `there is no such event (did you mean ${known}?)`,
  );
};

const mqttSource = (sql: string, item: FromItem): MqttSource => {
  const { filter, captures, patterns, problem } = parseMqttSource(item.text);
  if (problem !== undefined) return invalid(sql, item, problem);
  const source = { kind: 'mqtt' as const, filter, captures };
  return patterns.length === 0 ? source : { ...source, patterns };
};

/** The names that the sources capture, each once, in the order first met. */
export const captureNamesOf = (sources: readonly RuleSource[]): readonly string[] => [
  ...new Set(sources.flatMap(capturedBy)),
];

/** The names that one source captures. */
export const capturedBy = (source: RuleSource): string[] => {
  if (source.kind === 'mqtt') return source.captures.map(({ name }) => name);
  return source.kind === 'kafka' ? (source.pattern?.captures ?? []).filter(name => name !== undefined) : [];
};

/**
 * What a source captures of a topic that it matches, in the order of `names` (the rule's `captureNames`); undefined for names that only
 * other sources of the rule capture. A topic always yields the same, so callers may keep the result by topic.
 */
export const captureTopic = (
  names: readonly string[],
  source: RuleSource,
  topic: string,
): readonly (string | undefined)[] => {
  if (names.length === 0) return none;
  if (source.kind === 'kafka') {
    const { captures = none } = source.pattern ?? {};
    const found = source.pattern && matchTopic(source.pattern, topic);
    return names.map(name => found?.[captures.indexOf(name)]);
  }
  return source.kind === 'mqtt' ? mqttCaptures(names, source, topic) : names.map(() => undefined);
};

/** Whether a source names this Kafka topic. */
export const readsTopic = (source: RuleSource, topic: string): boolean => {
  if (source.kind !== 'kafka') return false;
  return source.pattern === undefined ? source.topic === topic : matchTopic(source.pattern, topic) !== undefined;
};

const none: readonly never[] = [];

/** What a rule reads. Throws as `parseRule` and `parseSources`. */
export const sourcesOf = (sql: string): RuleSource[] => parseSources(sql, parseRule(sql).from);
