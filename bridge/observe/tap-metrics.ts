/** Who watches messages of the bridge (../tap). */
import type { BridgeFigures } from './figures.ts';
import { type MetricEntry, one } from './metric-table.ts';

export const tapMetrics: readonly MetricEntry<BridgeFigures>[] = [
  {
    name: 'mkb_tap_watchers',
    type: 'gauge',
    help: 'Who watches live messages of the bridge now: mkb tap, or its page.',
    labels: [],
    samples: ({ tap }) => one(tap.watchers),
  },
  {
    name: 'mkb_tap_missed_total',
    type: 'counter',
    help: 'Messages that watchers were not shown because there were too many for them. The messages themselves went their way.',
    labels: [],
    samples: ({ tap }) => one(tap.missed),
  },
];
