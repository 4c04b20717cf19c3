/** What the buffer of a bridge holds, and what became of the messages that it took. A bridge without one holds 0 of all, so that alerts have an answer. */
import { type BufferFigures, bufferDropReasons } from '../buffer/figures.ts';
import type { BridgeFigures } from './figures.ts';
import type { MetricEntry, Sample } from './metric-table.ts';

type Figures = NonNullable<BridgeFigures['buffer']>;

const ofBuffer =
  (value: (buffer: Figures) => number) =>
  ({ buffer }: BridgeFigures): Sample[] => [[{}, buffer === undefined ? 0 : value(buffer)]];

const entry = (name: string, type: 'counter' | 'gauge', help: string, value: (buffer: Figures) => number) => ({
  name,
  type,
  help,
  labels: [],
  samples: ofBuffer(value),
});

const dropped = ({ dropped: counts }: BufferFigures): Sample[] =>
  bufferDropReasons.map(reason => [{ reason }, counts[reason]]);

export const bufferMetrics: readonly MetricEntry<BridgeFigures>[] = [
  entry(
    'mkb_buffer_messages',
    'gauge',
    'Messages in the buffer (delivery.buffer) that are not settled: to be handed over, or on their way. Always received and recovered, less settled and dropped.',
    ({ messages }) => messages,
  ),
  entry(
    'mkb_buffer_messages_received_total',
    'counter',
    'Messages from MQTT that the buffer was given.',
    ({ received }) => received,
  ),
  entry(
    'mkb_buffer_messages_recovered_total',
    'counter',
    'Messages that were found on the disk when the bridge started.',
    ({ recovered }) => recovered,
  ),
  entry(
    'mkb_buffer_messages_settled_total',
    'counter',
    'Messages of the buffer that were delivered, or had another end after it (mkb_messages_*).',
    ({ settled }) => settled,
  ),
  {
    name: 'mkb_buffer_messages_dropped_total',
    type: 'counter',
    help: 'Messages of the buffer that went nowhere: full (whenFull), expired (maxAge), unreadable (the file is damaged or missing), torn (not written to their end when the process or the machine died; with fsync: always none of them was acknowledged).',
    labels: ['reason'],
    samples: ({ buffer }) => (buffer === undefined ? [] : dropped(buffer)),
  },
  entry(
    'mkb_buffer_stored_bytes',
    'gauge',
    'What the buffer holds: its files and what is not written yet; with mode: memory its memory.',
    ({ bytes }) => bytes,
  ),
  entry(
    'mkb_buffer_stored_limit_bytes',
    'gauge',
    'The most that mkb_buffer_stored_bytes comes to before whenFull applies: delivery.buffer.maxBytes.',
    ({ limitBytes }) => limitBytes,
  ),
  entry(
    'mkb_buffer_oldest_seconds',
    'gauge',
    'For how long the oldest message in the buffer has been there; 0 while it is empty.',
    ({ oldestSeconds }) => oldestSeconds,
  ),
  {
    name: 'mkb_buffer_writable',
    type: 'gauge',
    help: '1 while the buffer takes and keeps messages as the document asks; 0 while it is full or its disk refuses. Not shown by a bridge without a buffer.',
    labels: [],
    samples: ({ buffer }) => (buffer === undefined ? [] : [[{}, buffer.writable ? 1 : 0]]),
  },
  entry(
    'mkb_buffer_fsyncs_total',
    'counter',
    'Times that the disk confirmed what was written. Messages that come meanwhile share the next one.',
    ({ syncs }) => syncs,
  ),
  entry(
    'mkb_buffer_fsync_seconds_total',
    'counter',
    'Time in which the disk was asked to confirm what was written, and did.',
    ({ syncSeconds }) => syncSeconds,
  ),
];
