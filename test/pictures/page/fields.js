/** Units, thresholds, names and colours of fields, as a panel asks for them. */
import { FieldType, getDisplayProcessor, lastValueFrom, transformDataFrame } from '/grafana/grafana.js';

/** What Grafana takes for a graph where the panel says nothing. */
const graphDefaults = {
  lineInterpolation: 'linear',
  spanNulls: false,
  pointSize: 5,
  axisPlacement: 'auto',
  gradientMode: 'none',
  axisColorMode: 'text',
  barAlignment: 0,
  barWidthFactor: 0.6,
  scaleDistribution: { type: 'linear' },
  hideFrom: { legend: false, tooltip: false, viz: false },
  stacking: { mode: 'none', group: 'A' },
  thresholdsStyle: { mode: 'off' },
  axisLabel: '',
};

export async function fieldsOf(panel, answers, theme) {
  const frames = await lastValueFrom(transformDataFrame(panel.transformations ?? [], answers));
  let seriesIndex = 0;
  for (const { fields } of frames) {
    for (const field of fields) {
      if (field.type !== FieldType.time) configure(field, panel);
      field.state = {
        displayName: nameOf(field),
        seriesIndex: field.type === FieldType.number ? seriesIndex++ : 0,
      };
      field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
    }
  }
  return frames;
}

const nameOf = ({ name, config }) => config.displayName ?? config.displayNameFromDS ?? name;

function configure(field, { type, fieldConfig: { defaults, overrides } }) {
  const graph = type === 'timeseries';
  const own = field.config;
  const config = { ...structuredClone(defaults), ...own };
  config.custom = { ...(graph ? graphDefaults : {}), ...structuredClone(defaults.custom ?? {}) };
  field.config = config;
  for (const { matcher, properties } of overrides) {
    if (matcher.id !== 'byName') throw new Error(`The pictures know no override ${matcher.id}.`);
    if (matcher.options === nameOf(field)) for (const { id, value } of properties) put(config, id.split('.'), value);
  }
  config.color ??= { mode: graph ? 'palette-classic' : 'thresholds' };
}

function put(object, [first, ...rest], value) {
  if (rest.length === 0) object[first] = value;
  else {
    object[first] ??= {};
    put(object[first], rest, value);
  }
}
