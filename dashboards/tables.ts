/** Tables: what is so now, a row for each set of labels. */
import {
  type DataTransformerConfig,
  type DynamicConfigValue,
  type Threshold,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { common, type PanelSpec } from './panels.ts';

export interface Column {
  /** A label, or the value of a query: #A is the first's. */
  readonly from: string;
  readonly title: string;
  readonly unit?: string;
  readonly decimals?: number;
  /** Colours the cell. */
  readonly thresholds?: readonly Threshold[];
  readonly mappings?: readonly ValueMapping[];
  /** Pixels, of what must be read whole. */
  readonly width?: number;
  /** Where a click leads. */
  readonly link?: { readonly title: string; readonly url: string };
}

export interface TableSpec extends PanelSpec {
  readonly columns: readonly Column[];
  /** What is said when there is no row. Default: that there is no data. */
  readonly none?: string;
}

/** The values as they are now, a row for each set of labels; the queries must leave the labels that tell rows apart, and no others. */
export function table(spec: TableSpec): TableBuilder {
  const builder = common(new TableBuilder(), spec, PromQueryFormat.Table)
    .filterable(true)
    .transformations(asColumns(spec.columns));
  if (spec.none !== undefined) builder.noValue(spec.none);
  for (const column of spec.columns) {
    const colored = column.thresholds !== undefined || column.mappings !== undefined;
    // Names may be long: they go on in the next line. Grafana 12 has its own property for that.
    const wrapped = column.from.startsWith('#') ? [] : [{ id: 'custom.wrapText', value: true }];
    const options = { type: colored ? 'color-text' : 'auto', ...(wrapped.length > 0 ? { wrapText: true } : {}) };
    const cell = { id: 'custom.cellOptions', value: options };
    builder.overrideByName(column.title, [...columnProperties(column), cell, ...wrapped]);
  }
  return builder;
}

/** Joins the tables of several instant queries, and keeps, names and orders these columns. */
export const asColumns = (columns: readonly Column[]): DataTransformerConfig[] => {
  const shown = new Set(columns.map(({ from }) => fieldName(from)));
  return [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        // A table may ask for labels only: what is not a column is not shown.
        excludeByName: Object.fromEntries(
          ['Time', ...values.filter(value => !shown.has(value))].map(name => [name, true]),
        ),
        indexByName: Object.fromEntries(columns.map(({ from }, index) => [fieldName(from), index])),
        renameByName: Object.fromEntries(columns.map(({ from, title }) => [fieldName(from), title])),
      },
    },
  ];
};

/** What Grafana calls the values of one query, and of several. */
const values = ['Value', ...[...'ABCDEFGH'].map(letter => `Value #${letter}`)];

/** Grafana calls the value of query A "Value #A". */
const fieldName = (from: string): string => (from.startsWith('#') ? `Value ${from}` : from);

/** How a column's values are shown. */
export function columnProperties({ unit, decimals, thresholds, mappings, width, link }: Column): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [];
  if (unit !== undefined) properties.push({ id: 'unit', value: unit });
  if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals });
  if (width !== undefined) properties.push({ id: 'custom.width', value: width });
  if (link !== undefined) properties.push({ id: 'links', value: [link] });
  if (mappings !== undefined) properties.push({ id: 'mappings', value: mappings });
  if (thresholds !== undefined) {
    properties.push({ id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: thresholds } });
  }
  return properties;
}
