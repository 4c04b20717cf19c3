import { MkbError } from '../errors.ts';
import { type Finding, finding } from '../findings.ts';
import { lookalike } from '../lookalike.ts';
import type { Path } from '../problems.ts';
import type { Rule, Sink } from '../schema/rules.ts';
import { parseTemplate } from '../template.ts';
import type { SemanticCheck } from './check.ts';
import { checkCloudEvents } from './cloud-events.ts';
import { checkRuleTest } from './rule-tests.ts';

const section: Path = ['spec', 'rules'];

/** What of a rule can be judged without its SQL: topics that no value of a placeholder could make valid. */
export const ruleChecks: readonly SemanticCheck[] = [
  { reads: [section], check: ({ spec: { rules } }) => rules.flatMap(checkRule) },
];

const checkRule = ({ sinks, tests = [] }: Rule, index: number): Finding[] => [
  ...sinks.flatMap((sink, at) => checkSink(sink, [...section, index, 'sinks', at])),
  ...tests.flatMap((test, at) => checkRuleTest(test, [...section, index, 'tests', at])),
];

const checkSink = (sink: Sink, path: Path): Finding[] => [
  ...checkTopic(sink, path),
  ...checkTombstones(sink, path),
  ...checkCloudEvents(sink, path),
];

/** A compacted topic takes no record without a key. */
const checkTombstones = ({ kafka }: Sink, path: Path): Finding[] => {
  if (!kafka?.emptyAsTombstone || kafka.key !== undefined) return [];
  const reason = '`emptyAsTombstone` needs `key`: a tombstone deletes the record of its key.';
  const remedy = 'Add `key`, with what distinguishes the devices, such as `key: ${topic}`.';
  return [finding([...path, 'kafka', 'emptyAsTombstone'], 'field-conflict', { reason }, { remedy })];
};

const checkTopic = ({ kafka, mqtt }: Sink, path: Path): Finding[] => {
  if (kafka) return checkKafkaTopic(kafka.topic, [...path, 'kafka', 'topic']);
  return mqtt ? checkMqttTopic(mqtt.topic, [...path, 'mqtt', 'topic']) : [];
};

const checkKafkaTopic = (topic: string, path: Path): Finding[] => {
  const expected = 'the name of a Kafka topic: 1 to 249 letters, digits, dots, underscores and dashes, not . or ..';
  const literal = literalText(topic);
  if (literal === undefined) return [];
  const reserved = literal.constant && /^[.]{1,2}$/.test(topic);
  if (/^[a-zA-Z0-9._-]{0,249}$/.test(literal.text) && !reserved) return [];
  const remedy = literal.text.includes('/')
    ? 'Kafka topics have no slash; a dot is usual instead. The MQTT topic can be the key: `key: ${topic}`.'
    : placeholderRemedy(topic);
  return [finding(path, 'field-value', { found: `"${topic}"`, expected }, { remedy })];
};

const placeholderRemedy = (topic: string): string | undefined => {
  const like = lookalike(topic);
  return like && `A placeholder is written ${like.meant}, not ${like.found}.`;
};

/** A PUBLISH has no wildcards in its topic [MQTT-3.3.2-2], nor U+0000 [MQTT-4.7.3-2]. */
const checkMqttTopic = (topic: string, path: Path): Finding[] => {
  const literal = literalText(topic);
  if (literal === undefined || !/[+#\0]/.test(literal.text)) return [];
  const expected = 'a topic without the wildcards + and #, as messages are published to one topic';
  return [finding(path, 'field-value', { found: `"${topic}"`, expected }, { remedy: undefined })];
};

/** What of a template is there whatever its placeholders yield; undefined if it cannot be read, which rules/ reports. */
const literalText = (template: string): { text: string; constant: boolean } | undefined => {
  try {
    const { parts } = parseTemplate(template);
    const literals = parts.filter(part => typeof part === 'string');
    return { text: literals.join(''), constant: literals.length === parts.length };
  } catch (error) {
    if (MkbError.is(error, 'template-syntax')) return undefined;
    throw error;
  }
};
