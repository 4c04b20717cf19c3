// "Lost 3" was shown for 2 lost: increase() works out what a whole interval would have had. And a bridge that was gone had lost 0.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { counted } from '../../dashboards/promql.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { promtool } from './support/promtool.ts';

/** Values 15 s apart, and what is shown after five minutes, on a page that shows all of them unless said: nothing, or a number. */
const cases: readonly (readonly [what: string, values: string, shown: number | undefined, page?: string])[] = [
  ['nothing lost', '0x20', 0],
  ['two at once', '0x8 2x12', 2],
  ['two, of a counter that is young', '_x16 0 2 2 2', 2],
  ['three, one by one', '0x5 1x5 2x5 3x5', 3],
  ['two before a restart and one after it', '0x5 2x5 0x5 1x4', 3],
  ['two, and then the bridge is gone', '0x5 2x4 stale', 2],
  ['two, before the time that the page shows', '0x2 2x18', 2, '1m'],
  ['none, and then the bridge is gone', '0x5 stale', undefined],
];

test.each(cases)('%s', async (_, values, shown, page) => {
  const folder = temporaryFolder('counted');
  try {
    const exp_samples = shown === undefined ? [] : [{ labels: '{}', value: shown }];
    const promql_expr_test = [
      { expr: counted('lost_total').replaceAll('$__range', `${page ?? '5m'}`), eval_time: '5m', exp_samples },
    ];
    const input_series = [{ series: 'lost_total{bridge="a"}', values }];
    const file = join(folder, 'test.yaml');
    writeFileSync(file, stringify({ tests: [{ interval: '15s', input_series, promql_expr_test }] }));
    const { ok, text } = await promtool('test', 'rules', file);
    expect(ok, text).toBe(true);
  } finally {
    removeFolder(folder);
  }
});
