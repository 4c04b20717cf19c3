/** What of a test can be judged without running it: that rows are JSON, that the error exists, that a payload can be read. */
import { errors } from '../errors.ts';
import { type Finding, finding } from '../findings.ts';
import { nearest } from '../nearest.ts';
import type { Path } from '../problems.ts';
import type { RuleTest, TestMessage } from '../schema/rule-tests.ts';
import { bytesOf } from '../written-bytes.ts';

export const checkRuleTest = ({ message, followedBy = [], rows = [], error }: RuleTest, path: Path): Finding[] => [
  ...rows.flatMap((row, index) => checkRow(row, [...path, 'rows', index])),
  ...(error === undefined ? [] : checkCode(error, [...path, 'error'])),
  ...checkMessage(message, [...path, 'message']),
  ...followedBy.flatMap((each, index) => {
    const place = [...path, 'followedBy', index];
    return [...checkMessage(each, place), ...checkTime(each, followedBy[index - 1] ?? message, place)];
  }),
];

const checkMessage = (message: TestMessage, path: Path): Finding[] => [
  ...checkTopic(message, [...path, 'topic']),
  ...checkBytes(message.payload, [...path, 'payload']),
  ...checkBytes(message.correlationData, [...path, 'correlationData']),
];

/** The clock of a rule does not go back. */
const checkTime = ({ timestamp }: TestMessage, before: TestMessage, path: Path): Finding[] => {
  if (timestamp >= before.timestamp) return [];
  const expected = `${before.timestamp}, the time of the message before it, or later`;
  const details = { found: `${timestamp}`, expected };
  return [finding([...path, 'timestamp'], 'field-value', details, { remedy: undefined })];
};

const checkRow = (row: string, path: Path): Finding[] => {
  const expected = 'a row as JSON, such as {"speed": 50}';
  try {
    const value: unknown = JSON.parse(row);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return [];
    return [finding(path, 'field-value', { found: `\`${row.slice(0, 60)}\``, expected }, { remedy: undefined })];
  } catch (cause) {
    const found = `text that is no JSON (${(cause as Error).message.slice(0, 120)})`;
    return [finding(path, 'field-value', { found, expected }, { remedy: undefined })];
  }
};

const checkCode = (code: string, path: Path): Finding[] => {
  if (Object.hasOwn(errors, code)) return [];
  const details = { found: `"${code}"`, expected: 'the code of an error', meant: nearest(code, Object.keys(errors)) };
  return [finding(path, 'field-value', details, { remedy: 'docs/reference/errors.md lists every code.' })];
};

/** A PUBLISH has no wildcards in its topic [MQTT-3.3.2-2]. */
const checkTopic = ({ topic }: TestMessage, path: Path): Finding[] => {
  if (!/[+#\0]/.test(topic)) return [];
  const expected = 'the topic of one message, without the wildcards + and #';
  return [finding(path, 'field-value', { found: `"${topic}"`, expected }, { remedy: undefined })];
};

const checkBytes = (written: string | undefined, path: Path): Finding[] => {
  if (written === undefined || bytesOf(written) !== undefined) return [];
  const expected = 'base64 after `base64:`';
  return [finding(path, 'field-value', { found: 'other text', expected }, { remedy: undefined })];
};
