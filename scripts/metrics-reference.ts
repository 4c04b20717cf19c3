import { deliveryBuckets } from '../bridge/flow/delivery-histogram.ts';
import { deliveryHistogramHelp, deliveryHistogramName, metricTable } from '../bridge/observe/metrics.ts';

/** docs/reference/metrics.md: every metric of the bridge. */
export function metricsReference(): string {
  const rows = metricTable.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${['bridge', ...labels].join(', ')} | ${help} |`,
  );
  const buckets = deliveryBuckets.join(', ');
  rows.push(
    `| \`${deliveryHistogramName}\` | histogram | bridge | ${deliveryHistogramHelp} Buckets in seconds: ${buckets}. |`,
  );
  return `# Metrics of the bridge

Served at \`/metrics\` of \`--http\` (127.0.0.1:9400 by default), with Node's process metrics beside them. Made by
\`npm run generate\`; do not edit.

At every scrape, for every bridge:

    mkb_messages_received_total = mkb_messages_delivered_total + mkb_messages_dead_lettered_total
                                + sum of mkb_messages_dropped_total + mkb_messages_in_flight

    mkb_records_read_total      = mkb_records_delivered_total + mkb_records_dead_lettered_total
                                + sum of mkb_records_dropped_total + mkb_records_returned_total + mkb_records_in_flight

The first is about messages from MQTT, the second about records from Kafka; a bridge without rules that read Kafka has no \`mkb_records_...\`.
A message that a broker delivers again (after a reconnect) is received again, and has an outcome of its own.

| name | type | labels | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
