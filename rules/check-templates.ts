/** Checks the templates of a sink against its rule: what can never have a value is an error, what is probably not meant is a warning. */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import { lookalike } from '../api/lookalike.ts';
import type { Path, Problem } from '../api/problems.ts';
import type { CloudEvents } from '../api/schema/cloud-events.ts';
import { checkKafkaTopic } from './check-kafka-topic.ts';
import { checkExpiry } from './message-expiry.ts';
import { problemOf, toProblem } from './problem-of.ts';
import { checkPartition } from './record-partition.ts';
import { checkTime } from './record-time.ts';
import type { Rule } from './rule.ts';
import type { SinkDocument } from './rule-document.ts';
import { type CompiledTemplate, compileTemplate } from './template.ts';

/** @param path of the sink */
export const checkTemplates = (loaded: LoadedDocument, sink: SinkDocument, rule: Rule, path: Path): Problem[] =>
  templatesOf(sink).flatMap(({ text, at }) => {
    const place = [...path, ...at];
    try {
      const template = compileTemplate(text, rule);
      if (at[1] === 'timestamp') checkTime(template);
      if (at[1] === 'messageExpiry') checkExpiry(template);
      if (at[1] === 'partition') checkPartition(template);
      const wrong = at[0] === 'kafka' && at[1] === 'topic' ? checkKafkaTopic(text, rule) : undefined;
      if (wrong) return [{ ...problemOf(loaded, place, wrong.error), severity: wrong.severity }];
      const doubt = doubtOf(template, at, rule, sink);
      return doubt === undefined ? [] : [toProblem(loaded.locate(place), place, doubt, 'warning')];
    } catch (error) {
      return [problemOf(loaded, place, error)];
    }
  });

export interface PlacedTemplate {
  readonly text: string;
  /** From the sink. */
  readonly at: Path;
}

/** Every template of a sink, in the order of its fields. */
export const templatesOf = ({ kafka, mqtt }: SinkDocument): PlacedTemplate[] => {
  if (kafka !== undefined) {
    const { topic, key, partition, value, timestamp, headers = [], cloudEvents } = kafka;
    return [
      ...fields(['kafka'], { topic, key, partition, value, timestamp }),
      ...listed(['kafka', 'headers'], headers),
      ...ofEvents(['kafka', 'cloudEvents'], cloudEvents),
    ];
  }
  if (mqtt === undefined) return [];
  const { topic, payload, contentType, responseTopic, correlationData, messageExpiry, userProperties = [] } = mqtt;
  const texts = { topic, payload, contentType, responseTopic, correlationData, messageExpiry };
  return [
    ...fields(['mqtt'], texts),
    ...listed(['mqtt', 'userProperties'], userProperties),
    ...ofEvents(['mqtt', 'cloudEvents'], mqtt.cloudEvents),
  ];
};

const fields = (path: Path, texts: Readonly<Record<string, string | undefined>>): PlacedTemplate[] =>
  Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [{ text, at: [...path, name] }]));

const ofEvents = (path: Path, events: CloudEvents | undefined): PlacedTemplate[] => {
  if (events === undefined) return [];
  const { mode: _mode, extensions = [], ...attributes } = events;
  return [...fields(path, attributes), ...listed([...path, 'extensions'], extensions)];
};

const listed = (path: Path, items: readonly { readonly value: string }[]): PlacedTemplate[] =>
  items.map(({ value }, index) => ({ text: value, at: [...path, index, 'value'] }));

/** What is valid, and hardly ever meant: a placeholder of another program, and a key that is the same for all records. */
const doubtOf = (
  { source, constant }: CompiledTemplate,
  [, field]: Path,
  rule: Rule,
  { kafka }: SinkDocument,
): MkbError | undefined => {
  const like = lookalike(source, field !== 'key' && field !== 'topic' && field !== 'partition');
  if (like !== undefined) return new MkbError('template-lookalike', { field: String(field), ...like });
  if (field !== 'key' || constant === undefined || constant === '' || kafka?.partition !== undefined) return undefined;
  return new MkbError('template-constant-key', { key: constant, meant: meantBy(constant, rule) });
};

/** A name that the key is, without its brackets. */
const meantBy = (key: string, { columns, names }: Rule): string | undefined => {
  const [first] = key.split('.');
  const isName = [...columns, ...names.all()].includes(first!) && !names.isUnseen(first!);
  return isName ? `\${${key}}` : undefined;
};
