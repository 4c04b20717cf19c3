/** Each kind of panel, drawn by Grafana's own components; what these packages lack (map, states over time) is imitated in SVG. */
import {
  BigValue,
  dateTime,
  FieldType,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  createElement as h,
  renderMarkdown,
  TableNG,
  TimeSeries,
  VizRepeater,
} from '/grafana/grafana.js';
import { map, states } from './imitated.js';
import { from, to } from './queries.js';

const timeRange = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };

function tiles({ panel, frames, width, height, theme, shown }) {
  const { options, fieldConfig } = panel;
  const values = getFieldDisplayValues({
    fieldConfig,
    reduceOptions: options.reduceOptions,
    replaceVariables: text => text,
    theme,
    data: frames,
    sparkline: false,
    timeZone: 'utc',
  });
  shown.tiles = values.map(({ display }) => ({ title: display.title, text: display.text, color: display.color }));
  return h(VizRepeater, {
    getValues: () => values,
    getAlignmentFactors: getDisplayValueAlignmentFactors,
    renderCounter: 0,
    width,
    height,
    source: frames,
    orientation: options.orientation ?? 'auto',
    autoGrid: true,
    renderValue: each =>
      h(BigValue, {
        value: each.value.display,
        count: each.count,
        width: each.width,
        height: each.height,
        theme,
        colorMode: options.colorMode,
        graphMode: options.graphMode,
        justifyMode: options.justifyMode ?? 'auto',
        textMode: options.textMode ?? 'auto',
        alignmentFactors: each.alignmentFactors,
        parentOrientation: each.orientation,
      }),
  });
}

function graph({ panel, frames, width, height, theme, shown }) {
  shown.series = frames
    .flatMap(({ fields }) => fields.filter(({ type }) => type === FieldType.number))
    .map(field => ({ name: field.state.displayName, color: colorOf(field, theme) }));
  const { legend } = panel.options;
  return h(TimeSeries, {
    frames,
    width,
    height,
    timeRange,
    timeZone: 'utc',
    legend,
    options: panel.options,
    structureRev: 1,
  });
}

/** As the legend has it. */
function colorOf({ config, state }, theme) {
  const { mode, fixedColor } = config.color;
  if (mode === 'fixed') return theme.visualization.getColorByName(fixedColor);
  const { palette } = theme.visualization;
  return theme.visualization.getColorByName(palette[state.seriesIndex % palette.length]);
}

function table({ panel, frames, width, height, shown }) {
  const [data] = frames;
  shown.columns = data.fields.map(({ state }) => state.displayName);
  const { fieldConfig, options } = panel;
  return h(TableNG, {
    data,
    width,
    height,
    fieldConfig,
    cellHeight: options?.cellHeight,
    structureRev: 1,
    frozenColumns: 0,
  });
}

const text = ({ panel }) =>
  h('div', {
    className: 'markdown-html',
    style: { height: '100%', overflow: 'hidden' },
    dangerouslySetInnerHTML: { __html: renderMarkdown(panel.options.content) },
  });

/** By the type of a panel. */
export const kinds = { stat: tiles, timeseries: graph, table, text, 'state-timeline': states, geomap: map };
