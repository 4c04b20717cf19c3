/**
 * The row of Pipeline about the buffer before it (delivery.buffer), of bridges that have one.
 *
 * A bridge without a buffer has 0 in most of these metrics, and would be drawn as one whose buffer is empty. It does not have
 * `mkb_buffer_writable`, which so says who is to be shown.
 */
import { MessagesPerSecond, NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { bufferColors } from './colors.ts';
import type { Row } from './frame.ts';
import { atLeast, blue, graph, green, red, rising, timeline, words } from './panels.ts';
import { chosenBridge as chosen } from './promql.ts';

const ofBuffers = (query: string): string => `(${query}) and on (bridge, instance) mkb_buffer_writable{${chosen}}`;
const perBuffer = '{{bridge}} {{instance}}';

const oldest = ofBuffers(`mkb_buffer_oldest_seconds{${chosen}}`);

/** For how long the oldest message has been in a buffer, seconds; nothing where there is no buffer. */
export const oldestInBuffer = `max(${oldest})`;
/** The same of its source, which is always MQTT. */
export const oldestInBufferBySource = `max by (source) (label_replace(${oldest}, "source", "mqtt", "", ""))`;

const flow = (counter: string): string =>
  `sum(${ofBuffers(`rate(mkb_buffer_messages_${counter}{${chosen}}[$__rate_interval])`)})`;

const syncs = (counter: string): string =>
  `sum by (bridge, instance) (rate(mkb_buffer_${counter}{${chosen}}[$__rate_interval]))`;

export const buffer: Row = {
  title: 'The buffer before the pipeline (only of bridges with delivery.buffer)',
  folded: true,
  panels: [
    graph({
      title: 'Stored, of what may be',
      description:
        'What the files of the buffer have, or its memory, as a part of delivery.buffer.maxBytes. At 100 % the bridge reads no further, or drops messages, as whenFull says.',
      unit: PercentUnit,
      width: 8,
      thresholds: rising(0.8, 0.95),
      queries: [
        {
          expr: ofBuffers(`mkb_buffer_stored_bytes{${chosen}} / mkb_buffer_stored_limit_bytes{${chosen}}`),
          legend: perBuffer,
        },
      ],
    }),
    graph({
      title: 'Messages in the buffer',
      description:
        'Messages that wait in the buffer, or are on their way from it. It goes up while more comes than is delivered, and down when a backlog is worked off.',
      unit: Short,
      width: 8,
      queries: [{ expr: ofBuffers(`mkb_buffer_messages{${chosen}}`), legend: perBuffer }],
    }),
    graph({
      title: 'Oldest in the buffer',
      description:
        'For how long the oldest message has been in the buffer. It is safe, and late. The delivery time does not contain it: that begins when a message leaves the buffer.',
      unit: Seconds,
      width: 8,
      thresholds: rising(60, 900),
      queries: [{ expr: oldest, legend: perBuffer }],
    }),
    graph({
      title: 'Into the buffer, and out of it',
      description:
        'Messages per second that came from MQTT, and those that were delivered or had another end. While the second line is above the first one, the backlog becomes smaller.',
      unit: MessagesPerSecond,
      width: 8,
      colors: { in: blue, out: green },
      queries: [
        { expr: flow('received_total'), legend: 'in' },
        { expr: flow('settled_total'), legend: 'out' },
      ],
    }),
    graph({
      title: 'Dropped from the buffer, by reason',
      description:
        'Messages per second that left the buffer for nowhere: full (whenFull), expired (maxAge), unreadable (a damaged or missing file), torn (not written to its end when the process died; with fsync: always none of these was acknowledged).',
      unit: MessagesPerSecond,
      width: 8,
      colors: bufferColors,
      queries: [
        {
          expr: `sum by (reason) (rate(mkb_buffer_messages_dropped_total{${chosen}}[$__rate_interval]))`,
          legend: '{{reason}}',
        },
      ],
    }),
    graph({
      title: 'Time of a sync',
      description:
        'How long the disk takes to confirm what was written (fsync), on average. With fsync: always each message waits for one before it is acknowledged. Gaps are times without any.',
      unit: Seconds,
      width: 8,
      logarithmic: true,
      thresholds: rising(0.1, 1),
      queries: [{ expr: `${syncs('fsync_seconds_total')} / (${syncs('fsyncs_total')} > 0)`, legend: perBuffer }],
    }),
    timeline({
      title: 'Takes messages',
      description:
        'Whether the buffer takes and keeps messages as the document asks. It does not while it is full, or while its disk refuses; of the latter the log has buffer-write-failed, with the reason.',
      unit: NoUnit,
      width: 24,
      height: 5,
      thresholds: atLeast(1),
      mappings: [words({ '0': ['full, or its disk refuses', red], '1': ['takes messages', green] })],
      queries: [{ expr: `mkb_buffer_writable{${chosen}}`, legend: perBuffer }],
    }),
  ],
};
