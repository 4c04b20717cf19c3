/**
 * What became of the messages of each source. "Message" is what the source hands over: a message from MQTT, a record from Kafka, an event of the
 * bridge, a row of a window. All sources have the same metrics; the label `source` is what differs.
 */
import { dropReasons } from '../flow/outcome.ts';
import type { SourceFigures } from '../flow/source.ts';
import type { BridgeFigures } from './figures.ts';
import type { MetricEntry } from './metric-table.ts';

const ofEach = (value: (source: SourceFigures) => number) => (figures: BridgeFigures) =>
  figures.sources.map(source => [{ source: source.name }, value(source)] as const);

export const sourceMetrics: readonly MetricEntry<BridgeFigures>[] = [
  {
    name: 'mkb_messages_received_total',
    type: 'counter',
    help: 'Messages that a source handed over. Always the sum of delivered, dead-lettered, dropped, returned and in flight.',
    labels: ['source'],
    samples: ofEach(({ account }) => account.received),
  },
  {
    name: 'mkb_messages_delivered_total',
    type: 'counter',
    help: 'Messages of which everything that rules made is in Kafka, or at the MQTT broker.',
    labels: ['source'],
    samples: ofEach(({ account }) => account.count('delivered')),
  },
  {
    name: 'mkb_messages_dead_lettered_total',
    type: 'counter',
    help: 'Messages that failed permanently and are in the dead-letter topic.',
    labels: ['source'],
    samples: ofEach(({ account }) => account.count('dead_lettered')),
  },
  {
    name: 'mkb_messages_dropped_total',
    type: 'counter',
    help: 'Messages that went nowhere. Reasons filtered (WHERE said no), no_rule, other_copy (another copy of it goes through the rules), old_subscription (it came for a filter of an older document), retained (mqtt.retained), aggregated (it only counts in a window) and expired (the messageExpiry of its sink was over) are intended; all others are losses.',
    labels: ['source', 'reason'],
    samples: ({ sources }) =>
      sources.flatMap(({ name: source, account }) =>
        dropReasons.map(reason => [{ source, reason }, account.count(reason)] as const),
      ),
  },
  {
    name: 'mkb_messages_returned_total',
    type: 'counter',
    help: 'Messages that were given back while in flight. Only records: their partition went to another member of the group, which reads them again.',
    labels: ['source'],
    samples: ofEach(({ account }) => account.returned),
  },
  {
    name: 'mkb_messages_in_flight',
    type: 'gauge',
    help: 'Messages that have no outcome yet. Those of MQTT are not acknowledged, the offsets of those of Kafka not committed.',
    labels: ['source'],
    samples: ofEach(({ account }) => account.inFlight),
  },
  {
    name: 'mkb_oldest_in_flight_seconds',
    type: 'gauge',
    help: 'For how long the oldest message in flight has been so; 0 while none is. /readyz says what it waits for when that takes long.',
    labels: ['source'],
    samples: ofEach(({ oldestSeconds }) => oldestSeconds),
  },
  {
    name: 'mkb_paused_seconds_total',
    type: 'counter',
    help: 'Time for which a source was asked to hand over nothing, because a buffer was full, a rateLimit was reached (mkb_rate_limited_seconds_total), or a rule waited for an answer (a schema, jq).',
    labels: ['source'],
    samples: ofEach(({ pausedSeconds }) => pausedSeconds),
  },
  {
    name: 'mkb_messages_unheard_total',
    type: 'counter',
    help: 'Messages to MQTT, by the source that they were made of, that the broker took although nobody subscribes to their topic (MQTT 5, brokers that report it).',
    labels: ['source'],
    samples: ofEach(({ account }) => account.unheard),
  },
];
