/** `mkb top` for a person: for each bridge a line, its sources and its rules. */
import { milliseconds } from '../../demo/terminal/live-line.ts';
import { columnWidths, type Paint, printable } from '../status-text.ts';
import type { BridgeTop, RuleTop, SourceTop } from './top-figures.ts';

type Cell = readonly [text: string, news?: 'good' | 'bad' | 'open'];

const gap = '  ';

export function topText(bridges: readonly BridgeTop[], paint: Paint): string {
  return bridges.map(bridge => bridgeText(bridge, paint)).join('\n');
}

function bridgeText(bridge: BridgeTop, paint: Paint): string {
  const sources = table(
    ['SOURCE', 'IN/S', 'DELIVERED/S', 'DEAD-LETTERED/S', 'DROPPED/S', 'IN FLIGHT', 'OLDEST', 'PAUSED', 'P50', 'P99'],
    bridge.sources.map(sourceCells),
    paint,
  );
  const rules = table(
    ['RULE', 'MATCHED/S', 'PASSED/S', 'FAILED/S', 'SENT/S', 'NOT SENT/S'],
    bridge.rules.map(ruleCells),
    paint,
  );
  return [headline(bridge, paint), sources, rules].filter(part => part !== '').join('\n');
}

function headline(bridge: BridgeTop, paint: Paint): string {
  const { replicas, stored, bufferBytes, bufferLimitBytes, retriedRate } = bridge;
  const facts = [
    ...(replicas > 1 ? [`${replicas} replicas`] : []),
    connection('MQTT', bridge.mqttConnected, replicas, paint),
    connection('Kafka', bridge.kafkaConnected, replicas, paint),
    `${bytes(bufferBytes)} of ${bytes(bufferLimitBytes)} undelivered`,
    ...(stored === undefined
      ? []
      : [`buffer ${stored.messages} messages, ${bytes(stored.bytes)}, oldest ${seconds(stored.oldestSeconds)}`]),
    ...(retriedRate > 0 ? [paint('open', `${rate(retriedRate)} failures/s retried`)] : []),
  ];
  return `${paint('title', printable(bridge.bridge))}  ${facts.join(' · ')}\n`;
}

function connection(side: string, connected: number, replicas: number, paint: Paint): string {
  if (connected >= replicas) return paint('good', `${side} connected`);
  return paint('bad', replicas === 1 ? `${side} not connected` : `${side} connected in ${connected}`);
}

function sourceCells(source: SourceTop): Cell[] {
  const { p50Ms, p99Ms, oldestSeconds, paused } = source;
  return [
    [source.source],
    [rate(source.receivedRate)],
    [rate(source.deliveredRate)],
    failing(source.deadLetteredRate),
    [rate(source.droppedRate)],
    [String(source.inFlight)],
    oldestSeconds >= 60 ? [seconds(oldestSeconds), 'bad'] : [seconds(oldestSeconds)],
    paused >= 0.5 ? [percent(paused), 'open'] : [percent(paused)],
    [p50Ms === undefined ? '-' : milliseconds(p50Ms)],
    [p99Ms === undefined ? '-' : milliseconds(p99Ms)],
  ];
}

function ruleCells(rule: RuleTop): Cell[] {
  const { matchedRate, passedRate, failedRate, deliveredRate, undeliveredRate } = rule;
  return [
    [rule.rule],
    [rate(matchedRate)],
    [rate(passedRate)],
    failing(failedRate),
    [rate(deliveredRate)],
    failing(undeliveredRate),
  ];
}

const failing = (perSecond: number): Cell => (perSecond > 0 ? [rate(perSecond), 'bad'] : [rate(perSecond)]);
const percent = (part: number): string => `${Math.round(100 * part)}%`;

/** Names to the left, figures to the right, so that a digit more is seen. */
function table(titles: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string {
  if (rows.length === 0) return '';
  const widths = columnWidths([titles, ...rows.map(row => row.map(([text]) => printable(text)))]);
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!);
  const lines = rows.map(row =>
    row.map(([text, news], column) => paint(news ?? 'plain', pad(printable(text), column))).join(gap),
  );
  return [paint('title', titles.map(pad).join(gap)), ...lines].map(line => `${line.trimEnd()}\n`).join('');
}

/** Three digits: `0`, `0.5`, `12.3`, `1230`. */
const rate = (value: number): string => {
  if (value === 0) return '0';
  return value < 99.95 ? value.toFixed(1) : String(Math.round(value));
};

const seconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const bytes = (count: number): string => {
  const step = Math.min(units.length - 1, count < 1024 ? 0 : Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** step;
  return `${step > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
};
