import { deliveryBuckets } from '../bridge/flow/delivery-histogram.ts';
import { buildInfoHelp, buildInfoName } from '../bridge/observe/config-metrics.ts';
import { deliveryHistogramHelp, deliveryHistogramName, metricTable } from '../bridge/observe/metrics.ts';

/** docs/reference/metrics.md: every metric of the bridge. */
export function metricsReference(): string {
  const rows = metricTable.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${['bridge', ...labels].join(', ')} | ${help} |`,
  );
  const buckets = deliveryBuckets.join(', ');
  rows.push(
    `| \`${deliveryHistogramName}\` | histogram | bridge, source | ${deliveryHistogramHelp} Buckets in seconds: ${buckets}. |`,
  );
  rows.push(`| \`${buildInfoName}\` | gauge | version, nodejs | ${buildInfoHelp} |`);
  return `# Metrics of the bridge

Served at \`/metrics\` of \`--http\` (127.0.0.1:9400 by default), with Node's process metrics beside them. Made by
\`npm run generate\`; do not edit.

## Sources

\`source\` says where messages came from, and each source of a bridge has the same metrics: \`mqtt\`, \`kafka\` (records), \`events\` (\`$events/...\`) and \`windows\` (rows of
GROUP BY). A source that no rule reads has none. At every scrape, for every bridge and every source:

    mkb_messages_received_total = mkb_messages_delivered_total + mkb_messages_dead_lettered_total
                                + sum of mkb_messages_dropped_total + mkb_messages_returned_total + mkb_messages_in_flight

A message that a broker delivers again (after a reconnect) is received again, and has an outcome of its own.

## All of them

| name | type | labels | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

## Names that changed

Each source had names of its own, and some had no histogram, no paused time and no account.

| before | now |
| --- | --- |
| \`mkb_messages_...\` | the same with \`source="mqtt"\`; a sum without it is over all sources |
| \`mkb_records_read_total\` | \`mkb_messages_received_total{source="kafka"}\` |
| \`mkb_records_...\`: \`delivered_total\`, \`dead_lettered_total\`, \`dropped_total\`, \`returned_total\`, \`in_flight\`, \`unheard_total\` | \`mkb_messages_...{source="kafka"}\` |
| \`mkb_records_traces_omitted_total\` | \`mkb_publisher_traces_omitted_total\` |
| \`mkb_window_records_...\` | \`mkb_messages_...\` with \`source="windows"\` and \`source="events"\`, where a loss has its reason |
| \`mkb_paused_seconds_total\`, \`mkb_delivery_seconds\` | the same, for each \`source\` |
| \`mkb_refused{source=...}\` | \`mkb_refused{part=...}\` |
| recording \`bridge:mkb_delivery_slow:...\` | \`bridge_source:mkb_delivery_slow:...\` |
`;
}
