/** Asks Prometheus as Grafana's data source does, and makes frames of the answers. */
import { FieldType, toDataFrame } from '/grafana/grafana.js';

const parameters = new URLSearchParams(location.search);
export const from = Number(parameters.get('from'));
export const to = Number(parameters.get('to'));
/** Seconds between two scrapes, as the data source is configured. */
const scrape = Number(parameters.get('scrape'));

/** The steps that Grafana rounds to, in seconds. */
const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600];

/** Seconds between two points of a panel this wide: no more points than pixels, and none between two scrapes. */
export function stepFor(width) {
  const wanted = Math.max((to - from) / 1000 / width, scrape);
  return steps.find(step => step >= wanted) ?? 3600;
}

/** @param values of the dashboard's variables */
export function filledIn(expr, step, values) {
  const own = {
    __rate_interval: `${Math.max(step + scrape, 4 * scrape)}s`,
    __range: `${Math.round((to - from) / 1000)}s`,
    __interval: `${step}s`,
  };
  return expr.replace(/\$\{?(\w+)\}?/g, (whole, name) => own[name] ?? values[name] ?? whole);
}

async function ask(path, query) {
  const answer = await (await fetch(`/prometheus/api/v1/${path}?${new URLSearchParams(query)}`)).json();
  if (answer.status !== 'success') throw new Error(answer.error);
  return answer.data.result;
}

const asListed = labels => `{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`)}}`;

/** What a series is called. */
const legend = (format, labels) =>
  format ? format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '') : asListed(labels);

/** The frames of one query. */
export async function answerOf(target, width, values, queries) {
  const step = stepFor(width);
  const query = filledIn(target.expr, step, values);
  if (!target.instant) {
    const start = Math.floor(from / 1000 / step) * step;
    const end = Math.floor(to / 1000 / step) * step;
    const series = await ask('query_range', { query, start, end, step });
    const times = Array.from({ length: (end - start) / step + 1 }, (_, index) => start + index * step);
    return series.map(({ metric, values: points }) => frameOf(target, metric, times, new Map(points), step));
  }
  const series = await ask('query', { query, time: to / 1000 });
  if (target.format === 'table') return series.length > 0 ? [tableOf(target, series, queries)] : [];
  return series.map(({ metric, value }) => frameOf(target, metric, [value[0]], new Map([value])));
}

const number = text => (text === undefined ? null : Number(text.replace('Inf', 'Infinity')));

function frameOf({ refId, legendFormat }, labels, times, points, step) {
  const config = { displayNameFromDS: legend(legendFormat, labels) };
  const values = times.map(time => number(points.get(time)));
  return toDataFrame({
    refId,
    fields: [
      {
        name: 'Time',
        type: FieldType.time,
        values: times.map(time => time * 1000),
        config: { interval: step && step * 1000 },
      },
      { name: 'Value', type: FieldType.number, labels, values, config },
    ],
  });
}

function tableOf({ refId }, series, queries) {
  const names = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))];
  return toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: series.map(({ value }) => value[0] * 1000) },
      ...names.map(name => ({
        name,
        type: FieldType.string,
        values: series.map(({ metric }) => metric[name] ?? null),
      })),
      {
        name: queries > 1 ? `Value #${refId}` : 'Value',
        type: FieldType.number,
        values: series.map(({ value }) => number(value[1])),
      },
    ],
  });
}
