/** Which metrics a query names, and which there are. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { deliveryHistogramName, metricTable } from '../../../bridge/observe/metrics.ts';
import { deliveryRecordings } from '../../../dashboards/alerts/delivery-objective.ts';
import { vehicleMetricTable } from '../../../demo/vehicles/metrics.ts';
import { exporterMetricTable } from '../../../exporter/metrics.ts';
import { operatorMetrics } from '../../../scripts/operator-metrics.ts';

const keywords = new Set([
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'offset',
]);

/** What is no metric in PromQL: texts, lists of labels, matchers, ranges. */
const noise = [
  /"(?:[^"\\]|\\.)*"/g,
  /\b(?:by|without|on|ignoring|group_left|group_right) ?\([^)]*\)/g,
  /\{[^}]*\}/g,
  /\[[^\]]*\]/g,
];

/** The metrics a query names, each once. */
export function metricNames(expr: string): string[] {
  const bare = noise.reduce((text, pattern) => text.replace(pattern, ' '), expr);
  const identifiers = bare.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?!\w*\s*\()/g);
  return [...new Set([...identifiers].map(([name]) => name))].filter(name => !keywords.has(name));
}

/** The selectors of a query, such as up{job="bridge"}, without their ranges. */
export function selectors(expr: string): string[] {
  const names = new Set(metricNames(expr));
  const found = expr.matchAll(/(?<![\w"])([a-zA-Z_:][\w:]*)(\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\})?/g);
  return [...found].filter(([, name]) => names.has(name!)).map(([text]) => text);
}

/** The names of a metric's series. */
const seriesOf = ({ name, type }: { readonly name: string; readonly type: string }): string[] =>
  type === 'histogram' ? ['_bucket', '_sum', '_count'].map(suffix => `${name}${suffix}`) : [name];

/** Every metric that the kit exports, or that Prometheus makes itself. */
export function knownMetrics(): Set<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return new Set([
    ...[...metricTable, ...exporterMetricTable, ...vehicleMetricTable].map(({ name }) => name),
    ...seriesOf({ name: deliveryHistogramName, type: 'histogram' }),
    ...operatorMetrics().flatMap(seriesOf),
    ...registry.getMetricsAsArray().map(({ name }) => name),
    ...deliveryRecordings.map(({ record }) => record),
    'up',
    'ALERTS',
  ]);
}
