/** Lookup tables of files (../tables). */
import type { TableFigures } from '../tables/figures.ts';
import type { BridgeFigures } from './figures.ts';
import type { MetricEntry } from './metric-table.ts';

const ofEach =
  (value: (table: TableFigures) => number) =>
  ({ tables = [] }: BridgeFigures) =>
    tables.map(table => [{ table: table.name }, value(table)] as const);

export const tableMetrics: readonly MetricEntry<BridgeFigures>[] = [
  {
    name: 'mkb_table_rows',
    type: 'gauge',
    help: 'Rows of a lookup table of a file (spec.tables) that rules use now.',
    labels: ['table'],
    samples: ofEach(({ rows }) => rows),
  },
  {
    name: 'mkb_table_last_read_timestamp_seconds',
    type: 'gauge',
    help: 'When the file of a lookup table was taken last, seconds since 1970; 0 before that.',
    labels: ['table'],
    samples: ofEach(({ readAt }) => readAt),
  },
  {
    name: 'mkb_table_failures_total',
    type: 'counter',
    help: 'How often the file of a lookup table could not be taken. The rows that it had before stay.',
    labels: ['table'],
    samples: ofEach(({ failures }) => failures),
  },
];
