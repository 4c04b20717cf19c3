/**
 * Topics of Kafka sinks that no message makes valid: `${topic}` where rules read MQTT, whose topics have slashes, and placeholders that become JSON.
 * Without this each of their messages would be a dead letter.
 *
 * `#` counts as having slashes, although a topic without any matches it too: a rule for those reads `+`.
 */
import { MkbError } from '../api/errors.ts';
import { type Placeholder, parseTemplate } from '../api/template.ts';
import { parseRule } from './parser.ts';
import type { Rule } from './rule.ts';
import type { PathExpression, SelectedValue } from './syntax.ts';

/** What is wrong with the template of a Kafka topic that compiles; a warning where it is wrong for a part of the messages. */
export const checkKafkaTopic = (
  text: string,
  rule: Rule,
): { readonly error: MkbError; readonly severity: 'error' | 'warning' } | undefined => {
  for (const part of parseTemplate(text).parts) {
    if (typeof part === 'string') continue;
    const reason = impossible(part, rule);
    if (reason !== undefined) return { error: errorOf(part, reason), severity: 'error' };
    if (!isMqttTopic(part, rule)) continue;
    const slashed = rule.sources.filter(source => source.kind === 'mqtt' && /^#$|\//.test(source.filter));
    if (slashed.length === 0) continue;
    const severity = slashed.length === rule.sources.length ? 'error' : 'warning';
    return { error: errorOf(part, 'it is the topic of MQTT messages, which has slashes'), severity };
  }
  return undefined;
};

const errorOf = ({ text, at }: Placeholder, reason: string): MkbError =>
  new MkbError('template-no-kafka-topic', { placeholder: text, reason, at });

const impossible = ({ path }: Placeholder, rule: Rule): string | undefined => {
  if (path.length === 0) return 'it is the whole row, as JSON';
  const [name] = path as readonly [string];
  if (path.length > 1 || rule.given.has(name)) return undefined;
  return rule.names.isMap(name) ? 'it is a map, and would become JSON' : undefined;
};

/** Whether it is the column itself, or what SELECT gives another name. */
const isMqttTopic = ({ path }: Placeholder, rule: Rule): boolean => {
  if (path.length !== 1) return false;
  const [name] = path as readonly [string];
  if (!rule.given.has(name)) return name === 'topic' && hasTopic(rule);
  const selected = parseRule(rule.sql).selected.filter(each => each.kind === 'value');
  const given = selected.filter(({ alias }) => alias?.[0] === name);
  return given.length > 0 && given.every(each => isTopic(each, rule));
};

const isTopic = ({ alias, expression }: SelectedValue, rule: Rule): boolean => {
  if (alias?.length !== 1 || expression.kind !== 'path') return false;
  const { name, steps } = expression satisfies PathExpression;
  return name === 'topic' && steps.length === 0 && hasTopic(rule) && !rule.given.has('topic');
};

/** Whether the name is the column, in a window too, which has it from GROUP BY. */
const hasTopic = ({ names, captureNames }: Rule): boolean =>
  names.reader('topic') !== undefined && !captureNames.includes('topic');
