// A bridge without a buffer has 0 in what metrics say of one, and was drawn as a bridge whose buffer is empty. And a message that had been in a
// buffer for hours was delivered within 0.1 s, in green: the time begins when it leaves the buffer.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runbookPanel } from '../../dashboards/rule-file.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { describeReal } from '../real/require.ts';
import { committedBridgeDashboards, isRow, panelsOf, queriesOf } from './support/committed.ts';
import { promtool } from './support/promtool.ts';
import { filledIn } from './support/tiles.ts';

const { dashboard } = committedBridgeDashboards.find(({ name }) => name === 'pipeline')!;
const row = dashboard.panels!.filter(isRow).find(({ title }) => title!.startsWith('The buffer'))!;
const queries = (panels: readonly (Panel | RowPanel)[], title: string) =>
  queriesOf(panels.find(panel => panel.title === title) as Panel).map(({ expr }) => filledIn(expr, '1m'));

/** What a bridge exports of its buffer; of one without, all is 0 and `writable` and the reasons are missing. */
const series = (bridge: string, hasBuffer: boolean) => {
  const own = `bridge="${bridge}",instance="i",job="bridge"`;
  const values = (value: string) => (hasBuffer ? value : '0x20');
  return [
    ...Object.entries({
      messages: '50x20',
      messages_received_total: '0+15x20',
      messages_settled_total: '0+15x20',
      stored_bytes: '50x20',
      stored_limit_bytes: '100x20',
      oldest_seconds: '7200x20',
      fsyncs_total: '0+15x20',
      fsync_seconds_total: '0+3x20',
    }).map(([name, value]) => ({ series: `mkb_buffer_${name}{${own}}`, values: values(value) })),
    ...(hasBuffer
      ? [
          { series: `mkb_buffer_writable{${own}}`, values: '1x20' },
          { series: `mkb_buffer_messages_dropped_total{${own},reason="expired"}`, values: '0+15x20' },
        ]
      : []),
    { series: `mkb_oldest_in_flight_seconds{${own},source="mqtt"}`, values: '0.1x20' },
  ];
};

async function gives(bridges: readonly [name: string, hasBuffer: boolean][], exprs: readonly string[], value?: number) {
  const folder = temporaryFolder('buffer-row');
  try {
    const file = join(folder, 'test.yaml');
    const promql_expr_test = exprs.map(expr => ({
      // The number alone: whatever the labels are.
      expr: `max(${expr})`,
      eval_time: '5m',
      exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
    }));
    const input_series = bridges.flatMap(each => series(...each));
    writeFileSync(file, stringify({ tests: [{ interval: '15s', input_series, promql_expr_test }] }, { lineWidth: 0 }));
    const { ok, text } = await promtool('test', 'rules', file);
    expect(ok, text).toBe(true);
  } finally {
    removeFolder(folder);
  }
}

describeReal('prometheus')('the row of the buffer', () => {
  const all = row.panels.flatMap(panel => queriesOf(panel).map(({ expr }) => filledIn(expr, '1m')));

  test('shows nothing of a bridge without one', async () => {
    expect(all.length).toBeGreaterThan(6);
    await gives([['a', false]], all);
    await gives([['a', false]], queries(dashboard.panels!, 'Oldest in flight').slice(1));
  });

  test.each([
    ['Stored, of what may be', 0.5],
    ['Messages in the buffer', 50],
    ['Oldest in the buffer', 7200],
    ['Into the buffer, and out of it', 1],
    ['Dropped from the buffer, by reason', 1],
    ['Time of a sync', 0.2],
    ['Takes messages', 1],
  ])('shows %s', async (title, value) => {
    const bridges: [string, boolean][] = [
      ['a', false],
      ['b', true],
    ];
    await gives(bridges, queries(row.panels, title), value);
  });

  test('what waits in a buffer is late, however soon it is delivered after it', async () => {
    await gives([['b', true]], queries(dashboard.panels!, 'Delivery time, p99'), 7200);
    await gives([['b', true]], queries(dashboard.panels!, 'Oldest in flight').slice(1), 7200);
  });
});

test.each([
  ['Lost', 'MkbMessagesLost'],
  ['Dead-lettered', 'MkbMessagesDeadLettered'],
  ['Oldest in flight', 'MkbMessageStuck'],
  ['Delivery time, p99', 'MkbDeliverySlow'],
])('the tile %s leads to the runbook of %s', (title, alert) => {
  const [link] = panelsOf(dashboard).find(panel => panel.title === title)!.links!;
  expect(link!.url).toBe(`/d/mkb-runbooks?viewPanel=${runbookPanel({ name: alert })}`);
});
