/**
 * What was expected and what came, compared as text: both sides are written in one canonical form (JSON indented, keys in order), so that
 * what differs in meaning, and nothing else, differs by line, and the lines that differ are what a person wants to see.
 */
import type { ExpectedRecord } from '../api/schema/rule-tests.ts';
import { bytesOf, writtenBytes } from '../api/written-bytes.ts';
import { encodeJson, jsonOrUndefined } from '../rules/json.ts';
import { isList, isMap, type Value } from '../rules/value.ts';
import type { Written } from './test-records.ts';

/** One line of a difference: only expected, only there, or in both. */
export interface DiffLine {
  readonly mark: '-' | '+' | ' ';
  readonly text: string;
}

/** A value in canonical form: 2.0 stays 2.0, and what has no value is left out. */
export const canonical = (value: Value, indent = ''): string => {
  const inner = `${indent}  `;
  if (isList(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map(item => inner + canonical(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (!isMap(value)) return encodeJson(value);
  const keys = Object.keys(value).filter(key => value[key] !== undefined);
  if (keys.length === 0) return '{}';
  const entries = keys.sort().map(key => `${inner}${JSON.stringify(key)}: ${canonical(value[key], inner)}`);
  return `{\n${entries.join(',\n')}\n${indent}}`;
};

/** Canonical forms of rows that were made; what they hold goes through JSON first, as it would on its way out. */
export const rowTexts = (rows: readonly string[]): string[] => rows.map(row => canonical(jsonOrUndefined(row)));

/** A record as text, with those of its fields that are expected. */
export const recordText = (record: ExpectedRecord, fields: readonly string[] = Object.keys(record)): string => {
  const lines = fieldNames.flatMap(name => {
    const value = record[name];
    if (name === 'tombstone' && value === false) return [];
    return value === undefined || !fields.includes(name) ? [] : [`${name}: ${fieldText(value)}`];
  });
  return lines.join('\n');
};

const fieldNames = [
  ...(['sink', 'topic', 'key', 'partition', 'value', 'tombstone', 'headers', 'timestamp'] as const),
  ...(['qos', 'retain', 'contentType', 'responseTopic', 'correlationData', 'messageExpiry', 'payloadFormat'] as const),
];

const fieldText = (value: NonNullable<ExpectedRecord[(typeof fieldNames)[number]]>): string => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return value.map(header => `\n  ${header.name}: ${header.value}`).join('') || 'none';
  const json = /^\s*[[{]/.test(value) ? jsonOrUndefined(value) : undefined;
  // One way to write bytes, of the several that a test may choose.
  return json === undefined ? writtenBytes(bytesOf(value) ?? Buffer.from(value)) : canonical(json);
};

/** What was written, in the terms of a test. A null value of a record is a tombstone; an MQTT message has none. */
export const asExpected = ({
  sink,
  topic,
  key,
  partition,
  value,
  headers,
  timestamp,
  message,
}: Written): ExpectedRecord => ({
  sink,
  topic,
  ...(key && { key: writtenBytes(key) }),
  ...(partition !== undefined && { partition }),
  ...(value && { value: writtenBytes(value) }),
  ...(value === undefined && message === undefined && { tombstone: true }),
  headers: headers.map(header => ({ name: header.name, value: header.value ? writtenBytes(header.value) : '' })),
  ...(timestamp !== undefined && { timestamp }),
  ...(message && ofMessage(message)),
});

const ofMessage = (message: NonNullable<Written['message']>): Partial<ExpectedRecord> => {
  const { qos, retain, contentType, responseTopic, correlationData, expiry, payloadFormat } = message;
  return {
    qos,
    retain,
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationData: writtenBytes(correlationData) }),
    ...(expiry !== undefined && { messageExpiry: expiry.seconds }),
    ...(payloadFormat !== undefined && { payloadFormat: payloadFormat === 1 ? 'utf8' : 'bytes' }),
  };
};

/** The shortest way from expected to actual, line by line (longest common subsequence). */
export const diffLines = (expected: string, actual: string): DiffLine[] => {
  const left = expected.split('\n');
  const right = actual.split('\n');
  // Beyond this the table would be too large; then both are shown whole.
  if (left.length * right.length > 4_000_000) return [...marked('-', left), ...marked('+', right)];
  const common = commonLengths(left, right);
  const lines: DiffLine[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    if (left[l] === right[r]) {
      lines.push({ mark: ' ', text: left[l]! });
      l += 1;
      r += 1;
    } else if (common[l + 1]![r]! >= common[l]![r + 1]!) lines.push({ mark: '-', text: left[l++]! });
    else lines.push({ mark: '+', text: right[r++]! });
  }
  return [...lines, ...marked('-', left.slice(l)), ...marked('+', right.slice(r))];
};

const marked = (mark: DiffLine['mark'], lines: readonly string[]): DiffLine[] => lines.map(text => ({ mark, text }));

/** For each pair of positions, how many lines the rests of both sides have in common. */
const commonLengths = (left: readonly string[], right: readonly string[]): Uint32Array[] => {
  const table = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let l = left.length - 1; l >= 0; l--) {
    for (let r = right.length - 1; r >= 0; r--) {
      table[l]![r] = left[l] === right[r] ? table[l + 1]![r + 1]! + 1 : Math.max(table[l + 1]![r]!, table[l]![r + 1]!);
    }
  }
  return table;
};
