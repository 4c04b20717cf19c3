/** The row of Pipeline about consumers and publishers. Folded: a bridge without rules that read Kafka or write MQTT has nothing to show there. */
import { MessagesPerSecond, NoUnit } from '@grafana/grafana-foundation-sdk/units';
import type { Row } from './frame.ts';
import { atLeast, each, graph, timeline, upOrDown } from './panels.ts';
import { chosenBridge as chosen, perSecond } from './promql.ts';

export const consumerAndPublisher: Row = {
  title: 'The consumer of Kafka and the publisher to MQTT (only of bridges with such rules)',
  folded: true,
  panels: [
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
      unit: each('records/s'),
      width: 6,
      height: 6,
      queries: [{ expr: perSecond('mkb_messages_returned_total', 'bridge', chosen), legend: '{{bridge}}' }],
    }),
    graph({
      title: 'Unheard',
      description:
        'Messages per second that the MQTT broker took although nobody subscribes to their topic. Only brokers with MQTT 5 report it, and not all. A vehicle that is offline without a session never gets them.',
      unit: MessagesPerSecond,
      width: 6,
      height: 6,
      queries: [{ expr: perSecond('mkb_messages_unheard_total', 'bridge', chosen), legend: '{{bridge}}' }],
    }),
  ],
};
