import { expect, test } from 'vitest';
import { clientFigures } from '../../../exporter/emqx/client-figures.ts';
import { licenseFigures } from '../../../exporter/emqx/license-figures.ts';
import { exporterMetricTable } from '../../../exporter/metrics.ts';
import * as recorded from './support/recorded.ts';

const shown = (answer: unknown, queueLimit?: number) =>
  Object.fromEntries(
    clientFigures('c', answer, queueLimit).map(({ metric, value }) => [metric.replace('mqtt_client_', ''), value]),
  );

const memory = { session: 1, session_on_disk: 0, inflight_messages: 12, queue_messages: 740, queue_dropped_total: 3 };

// A bridge was down for an hour, and nobody saw that the broker's queue of 1,000 was nearly full, beyond which it drops.
test.each([
  ['5.8, in memory', recorded.inMemory, undefined, { ...memory, connected: 0, queue_limit_messages: 1000 }],
  ['6.3, in memory', recorded.inMemory63, 5, { ...memory, connected: 1, queue_limit_messages: 1000 }],
  ['a queue without a limit', recorded.withoutLimit, undefined, { ...memory, connected: 0 }],
  [
    'one whose limit the document knows',
    recorded.withoutLimit,
    5000,
    { ...memory, connected: 0, queue_limit_messages: 5000 },
  ],
  [
    'a session on disk, whose queue nobody counts',
    recorded.onDisk,
    5000,
    { session: 1, connected: 1, session_on_disk: 1, inflight_messages: 100, queue_dropped_total: 0 },
  ],
  [
    'one whose client is not there: 0 would be a guess',
    recorded.onDiskOffline,
    5000,
    { session: 1, connected: 0, session_on_disk: 1 },
  ],
  ['no session', undefined, 5000, { session: 0, connected: 0 }],
  ['something else', ['?'], 5000, { session: 0, connected: 0 }],
  [
    'figures of another kind',
    { connected: 'yes', mqueue_len: '3', mqueue_max: 'infinity' },
    undefined,
    { session: 1, connected: 0, session_on_disk: 0 },
  ],
])('of %s', (_, answer, queueLimit, expected) => {
  expect(shown(answer, queueLimit)).toEqual(expected);
});

test.each([
  ['6.3', recorded.license63, [10_281_859_200, 25]],
  ['5.5', recorded.license55, [1_685_577_600, 100]],
  ['an open source version', undefined, []],
  ['a day that is none', { expiry_at: '2024-13-40', max_sessions: 'expired' }, []],
  ['a day in another notation', { expiry_at: 'never', max_sessions: 7 }, [7]],
])('the license of %s', (_, answer, values) => {
  expect(licenseFigures(answer).map(({ value }) => value)).toEqual(values);
});

test('every metric is in the table, with the same labels', () => {
  const labels = new Map(exporterMetricTable.map(entry => [entry.name, entry.labels]));
  for (const figure of [...clientFigures('c', recorded.inMemory), ...licenseFigures(recorded.license63)]) {
    expect(['target', ...Object.keys(figure.labels)]).toEqual(labels.get(figure.metric));
  }
});
