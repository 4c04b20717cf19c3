/**
 * Panels as data: what each shows, in which unit, and what it means. A panel cannot be made without its unit and its description.
 *
 * The datasource is always the dashboard's variable, so that a dashboard works in a Grafana with any Prometheus.
 */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DashboardLink,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  SpecialValueMatch,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { Percent, PercentUnit, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { largest, type Size } from './promql.ts';

/** The Prometheus that the reader chose. */
export const datasource = { type: 'prometheus', uid: '${datasource}' } as const;

export interface Query {
  readonly expr: string;
  /** With {{label}} for a label's value. */
  readonly legend?: string;
  /** By what its series are chosen when there are too many; by their own values unless given. */
  readonly size?: Size;
}

export interface PanelSpec {
  readonly title: string;
  /** What it means, and when to worry. */
  readonly description: string;
  /** One of the units of @grafana/grafana-foundation-sdk/units, or what `each` makes. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Columns of 24. */
  readonly width: number;
  readonly height?: number;
  readonly decimals?: number;
  /** Of graphs 0 unless given; undefined for values below zero. */
  readonly min?: number | undefined;
  readonly max?: number;
  /** Colours by value, the lowest first. Without, green. */
  readonly thresholds?: readonly Threshold[];
  readonly mappings?: readonly ValueMapping[];
  readonly links?: readonly DashboardLink[];
}

/** A unit of its own that stays itself: Grafana would make 110 Mm of 110,000 km, and c/s of what is counted. */
export const each = (unit: string): string => `suffix:${unit}`;

export const green = '#56A64B';
export const yellow = '#E0B400';
export const red = '#C4162A';
export const blue = '#3274D9';
export const grey = '#8E8E8E';

/** Green below `warning`, yellow from there, red from `bad`. */
export const rising = (warning: number, bad: number): Threshold[] => [
  { value: null, color: green },
  { value: warning, color: yellow },
  { value: bad, color: red },
];

/** Red as soon as there is anything at all. */
export const noneAllowed: readonly Threshold[] = [
  { value: null, color: green },
  { value: 1e-9, color: red },
];

/** Red below `least`. */
export const atLeast = (least: number): Threshold[] => [
  { value: null, color: red },
  { value: least, color: green },
];

/** Words for values, each with its colour. */
export const words = (named: Readonly<Record<string, readonly [text: string, color: string]>>): ValueMapping => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(named).map(([value, [text, color]], index) => [value, { text, color, index }]),
  ),
});

/** A colour and a word for what nobody knows. Without, Grafana gives it the lowest value's colour, which is often green. */
const unknown: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text: 'no data', color: grey, index: 0 } },
};

/** One word for every value below zero, which a query gives for what is worse than any number. */
export const belowZero = (text: string, color: string): ValueMapping => ({
  type: MappingType.RangeToText,
  options: { from: null, to: -1e-9, result: { text, color, index: 0 } },
});

/** Neither good nor bad, and grey for nothing at all. */
export const anyOrNone = (color: string): readonly Threshold[] => [
  { value: null, color: grey },
  { value: 1e-9, color },
];

export const upOrDown = words({ '0': ['down', red], '1': ['up', green] });
export const safeOrLosing = words({ '0': ['safe', green], '1': ['lose messages', red] });

/** The setters that every panel's builder has. */
interface CommonBuilder extends Builder<Panel> {
  title(text: string): this;
  description(text: string): this;
  unit(unit: string): this;
  span(columns: number): this;
  height(rows: number): this;
  datasource(reference: typeof datasource): this;
  targets(queries: Builder<ReturnType<DataqueryBuilder['build']>>[]): this;
  decimals(digits: number): this;
  min(value: number): this;
  max(value: number): this;
  mappings(mappings: ValueMapping[]): this;
  thresholds(thresholds: ThresholdsConfigBuilder): this;
  links(links: Builder<DashboardLink>[]): this;
}

/** Gives a builder everything that all kinds of panels have. */
export function common<B extends CommonBuilder>(builder: B, spec: PanelSpec, now?: PromQueryFormat): B {
  const { thresholds = [{ value: null, color: green }], mappings = [], links = [], decimals, min, max } = spec;
  builder
    .title(spec.title)
    .description(spec.description)
    .unit(spec.unit)
    .span(spec.width)
    .height(spec.height ?? 8)
    .datasource(datasource)
    .targets(spec.queries.map((query, index) => target(query, String.fromCharCode(65 + index), now)))
    .mappings([...mappings])
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...thresholds]))
    .links(links.map(link => ({ build: () => link })));
  if (decimals !== undefined) builder.decimals(decimals);
  if (min !== undefined) builder.min(min);
  if (max !== undefined) builder.max(max);
  return builder;
}

/** An instant query asks for what is now, and gives nothing for what is not read any more. */
function target({ expr, legend }: Query, refId: string, now: PromQueryFormat | undefined): DataqueryBuilder {
  const query = new DataqueryBuilder().refId(refId).expr(expr).datasource(datasource);
  if (legend !== undefined) query.legendFormat(legend);
  return now === undefined ? query.range() : query.instant().format(now);
}

/**
 * One number, coloured by what it means, as it is now. Counts have no unit: 1.01 K of 1.01 K would hide that one is missing. It has no course behind it: for that Grafana asks for a range, whose last value it
 * goes on showing, in the colour of health, long after anything was read.
 */
export const stat = (spec: PanelSpec): StatBuilder =>
  common(
    new StatBuilder(),
    { height: 4, ...spec, mappings: [unknown, ...(spec.mappings ?? [])] },
    PromQueryFormat.TimeSeries,
  )
    .noValue('no data')
    .colorMode(BigValueColorMode.BackgroundSolid)
    .graphMode(BigValueGraphMode.None)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));

export interface GraphSpec extends PanelSpec {
  /** Puts the series on top of one another, when their sum means something. */
  readonly stacked?: boolean;
  readonly bars?: boolean;
  /** Colours of series by their name, so that a thing looks the same in every panel. */
  readonly colors?: Readonly<Record<string, string>>;
  /** Where small and large values are both to be seen. */
  readonly logarithmic?: boolean;
  /** Beside the graph, for many series. */
  readonly legendRight?: boolean;
  /** How far the axis goes at least. Of a part of a whole: what is seen is a small part. */
  readonly softMax?: number;
}

/** How many series a panel shows: more can neither be told apart nor read in its legend. */
const most = 20;

/** Labels with few values, whatever is watched. Of others there may be thousands: bridges, topics, vehicles, Pods. Kinds of objects are too many too. */
const few = new Set(['source', 'reason', 'result', 'verb', 'method', 'code']);

/** The queries, of which those with many series show the largest, in all at most twenty. */
function limited(queries: readonly Query[]): Query[] {
  const count = Math.floor(most / queries.length);
  return queries.map(query => {
    const labels = [...(query.legend ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
    return labels.every(label => few.has(label)) ? query : { ...query, expr: largest(query.expr, count, query.size) };
  });
}

/** Parts of a whole end at the whole. */
const whole: Readonly<Record<string, number>> = { [PercentUnit]: 1, [Percent]: 100 };

/**
 * Lines over time. Their thresholds are lines as well. Nothing but zeros is drawn on an axis up to 1, where Grafana's own goes up to 100.
 * Each series gets the next colour of a list: colours worked out from names are the same for some of them.
 */
export function graph(spec: GraphSpec): TimeseriesBuilder {
  const {
    softMax: atLeastTo,
    max = atLeastTo === undefined ? whole[spec.unit] : undefined,
    logarithmic = false,
  } = spec;
  const builder = common(new TimeseriesBuilder(), {
    ...(logarithmic ? {} : { min: 0 }),
    ...spec,
    queries: limited(spec.queries),
    ...(max === undefined ? {} : { max }),
  })
    .lineWidth(1)
    // Below lines, areas of several series mix to colours that none has.
    .fillOpacity(spec.stacked || spec.bars ? 40 : 0)
    .showPoints(VisibilityMode.Never)
    .drawStyle(spec.bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(spec.legendRight ? LegendPlacement.Right : LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  if (spec.stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (max === undefined) builder.axisSoftMax(atLeastTo ?? usualMax(spec));
  if (logarithmic) builder.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
  if (spec.thresholds) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  for (const [name, color] of Object.entries(spec.colors ?? {})) {
    builder.overrideByName(name, [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } }]);
  }
  return builder;
}

/** Of times the first threshold, so that it is seen; on a logarithmic axis all of them. */
function usualMax({ unit, thresholds = [], logarithmic }: GraphSpec): number {
  const limits = thresholds.flatMap(({ value }) => value ?? []);
  if (unit !== Seconds || limits.length === 0) return 1;
  return logarithmic ? limits.at(-1)! * 1.5 : limits[0]! * 1.2;
}

/** A state over time, in words. */
export const timeline = (spec: PanelSpec): TimelineBuilder =>
  common(new TimelineBuilder(), { ...spec, queries: limited(spec.queries) })
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .fillOpacity(80)
    .lineWidth(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    );
