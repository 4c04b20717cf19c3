/** The row of Pipeline about records from Kafka, and about the publisher. Folded: a bridge without rules that read Kafka or write MQTT has nothing to show there. */
import { CountsPerSecond, MessagesPerSecond, NoUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import type { Row } from './frame.ts';
import { atLeast, blue, graph, green, red, timeline, upOrDown, yellow } from './panels.ts';
import { chosenBridge as chosen, lostRecords, perSecond } from './promql.ts';

const colors = { read: blue, delivered: green, 'dead-lettered': yellow, lost: red };

export const records: Row = {
  title: 'Records from Kafka, and messages to MQTT (only of bridges with such rules)',
  folded: true,
  panels: [
    graph({
      title: 'Records by outcome',
      description:
        'What became of records, per second. Delivered means that everything made of it is acknowledged, by the MQTT broker or by Kafka. Delivered stays below read while WHERE leaves records out, or they pile up.',
      unit: CountsPerSecond,
      width: 12,
      colors,
      queries: [
        { expr: `sum(rate(mkb_records_read_total{${chosen}}[$__rate_interval]))`, legend: 'read' },
        { expr: `sum(rate(mkb_records_delivered_total{${chosen}}[$__rate_interval]))`, legend: 'delivered' },
        { expr: `sum(rate(mkb_records_dead_lettered_total{${chosen}}[$__rate_interval]))`, legend: 'dead-lettered' },
        { expr: `sum(rate(${lostRecords(chosen)}[$__rate_interval]))`, legend: 'lost' },
      ],
    }),
    graph({
      title: 'Records dropped, by reason',
      description:
        'filtered (a WHERE said no) and aggregated (it only counts in a window) are intended. All other reasons are losses; docs/runbooks/mkb-messages-lost.md explains each.',
      unit: CountsPerSecond,
      width: 6,
      queries: [{ expr: perSecond('mkb_records_dropped_total', 'reason', chosen), legend: '{{reason}}' }],
    }),
    graph({
      title: 'Records in flight',
      description:
        'Read, and without an outcome yet, by bridge and instance. Reading stops at mqtt.receiveMaximum; a level there means that the MQTT broker or Kafka is slow or down, and Kafka keeps the rest.',
      unit: Short,
      width: 6,
      queries: [
        { expr: `sum by (bridge, instance) (mkb_records_in_flight{${chosen}})`, legend: '{{bridge}} {{instance}}' },
      ],
    }),
    timeline({
      title: 'Publisher and consumer',
      description:
        'Whether each bridge’s publisher is connected to the MQTT broker, and its consumer a member of its group. A rule from Kafka to MQTT needs both.',
      unit: NoUnit,
      width: 12,
      height: 6,
      thresholds: atLeast(1),
      mappings: [upOrDown],
      queries: [
        {
          expr: `min by (bridge, instance) (mkb_publisher_connected{${chosen}})`,
          legend: '{{bridge}} {{instance}} publisher',
        },
        {
          expr: `min by (bridge, instance) (mkb_consumer_joined{${chosen}})`,
          legend: '{{bridge}} {{instance}} consumer',
        },
      ],
    }),
    graph({
      title: 'Records returned',
      description:
        'Given back while in flight, per second, because their partition went to another member of the group, which reads them again. Some when replicas come and go; a steady rate means that the group does not come to rest.',
      unit: CountsPerSecond,
      width: 6,
      height: 6,
      queries: [{ expr: perSecond('mkb_records_returned_total', 'bridge', chosen), legend: '{{bridge}}' }],
    }),
    graph({
      title: 'Unheard',
      description:
        'Messages per second that the MQTT broker took although nobody subscribes to their topic. Only brokers with MQTT 5 report it, and not all. A vehicle that is offline without a session never gets them.',
      unit: MessagesPerSecond,
      width: 6,
      height: 6,
      queries: [{ expr: perSecond('mkb_records_unheard_total', 'bridge', chosen), legend: '{{bridge}}' }],
    }),
  ],
};
