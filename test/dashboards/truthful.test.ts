// With Kafka killed, the page went on showing leaders, lag and delivery time in green, two reasons of loss had one colour, and nothing but
// zeros was drawn up to 10,000 %. What can be seen of that in the files is looked for here.
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, test } from 'vitest';
import { dropReasons } from '../../bridge/flow/outcome.ts';
import { intendedColors, lossColors, sourceColors } from '../../dashboards/colors.ts';
import { counted } from '../../dashboards/promql.ts';
import { allPanelsOf, committedBridgeDashboards, committedDashboards, isRow, queriesOf } from './support/committed.ts';

interface Custom {
  readonly axisSoftMax?: number;
  readonly thresholdsStyle?: { readonly mode: string };
}

const all = allPanelsOf(committedDashboards);
const ofType = (type: string) => all.filter(({ panel }) => panel.type === type);
const ours = allPanelsOf(committedBridgeDashboards);
const customOf = (panel: Panel) => (panel.fieldConfig!.defaults.custom ?? {}) as Custom;
const fixedColors = (panel: Panel): [name: string, color: string][] =>
  panel.fieldConfig!.overrides.flatMap(({ matcher, properties }) =>
    properties
      .filter(({ id }) => id === 'color')
      .map(({ value }): [string, string] => [matcher.options as string, (value as { fixedColor: string }).fixedColor]),
  );

describe.each(ofType('stat'))('$name', ({ panel }) => {
  test('asks for what is now, and never shows the last value of a range', () => {
    for (const query of queriesOf(panel)) expect(query).toMatchObject({ instant: true, range: false });
  });

  test('shortens no number that is counted', () => {
    expect(panel.fieldConfig!.defaults.unit).not.toBe('short');
  });

  test('is grey and says so when nobody knows', () => {
    expect(panel.fieldConfig!.defaults.noValue).toBe('no data');
    expect(panel.fieldConfig!.defaults.mappings).toContainEqual({
      type: 'special',
      options: { match: 'null+nan', result: { text: 'no data', color: '#8E8E8E', index: 0 } },
    });
  });
});

describe.each(all)('$name', ({ panel }) => {
  test('takes no absence for zero', () => {
    for (const { expr } of queriesOf(panel)) expect(expr).not.toContain('vector(0)');
  });

  test('counts what happened, and does not work it out', () => {
    if (panel.type !== 'stat') return;
    for (const { expr } of queriesOf(panel)) expect(expr).not.toMatch(/ceil\(|(?<!round\()increase\(/);
  });
});

test('whatever Kafka says in a tile is only shown while it answers', () => {
  const kafka = ours.filter(({ panel }) => panel.type === 'stat').flatMap(({ panel }) => queriesOf(panel));
  const gated = kafka.filter(({ expr }) => /kafka_(?!up|connected)\w+\{/.test(expr));
  expect(gated.length).toBeGreaterThan(4);
  for (const { expr } of gated) expect(expr).toMatch(/and on \(target\) \(kafka_up\{[^}]*\} == 1\)/);
});

describe.each(ofType('timeseries'))('$name', ({ panel }) => {
  const { unit, max, thresholds } = panel.fieldConfig!.defaults;

  test('has an axis that nothing but zeros does not make long', () => {
    expect(max ?? customOf(panel).axisSoftMax).toBeDefined();
    if (unit === 'percentunit') expect(max ?? customOf(panel).axisSoftMax).toBeLessThanOrEqual(1);
    if (unit === 'percent') expect(max).toBe(100);
  });

  test('draws its thresholds', () => {
    if (thresholds!.steps.length > 1) expect(customOf(panel).thresholdsStyle).toEqual({ mode: 'dashed' });
  });

  test('gives each series a colour of its own', () => {
    expect(panel.fieldConfig!.defaults.color).toEqual({ mode: 'palette-classic' });
    const colors = fixedColors(panel).map(([, color]) => color);
    expect(new Set(colors).size).toBe(colors.length);
  });
});

test.each(
  all.filter(({ panel }) => panel.type === 'timeseries' && panel.fieldConfig!.defaults.unit === 's'),
)('$name has the line from which it is too long', ({ panel }) => {
  expect(panel.fieldConfig!.defaults.thresholds!.steps.length).toBeGreaterThan(1);
});

/** Labels of which there are never many. All others, of bridges, Pods, topics, vehicles, may have thousands of values. */
const few = new Set(['source', 'reason', 'result', 'verb', 'method', 'code']);

test.each(
  all.filter(({ panel }) => ['timeseries', 'state-timeline'].includes(panel.type)),
)('$name shows at most 20 of what there may be thousands, over all its queries', ({ panel }) => {
  let most = 0;
  for (const { expr, legendFormat = '' } of queriesOf(panel)) {
    if ([...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].every(([, label]) => few.has(label!))) continue;
    const [, count] = /and (?:on \([^)]*\) )?topk\((\d+), /.exec(expr) ?? [];
    expect(count, expr).toBeDefined();
    most += Number(count);
  }
  expect(most).toBeLessThanOrEqual(20);
});

describe.each(ofType('table'))('$name', ({ panel }) => {
  test('names each column itself, and none Value', () => {
    const { renameByName, excludeByName } = panel.transformations!.find(({ id }) => id === 'organize')!.options as {
      renameByName: Record<string, string>;
      excludeByName: Record<string, boolean>;
    };
    expect(Object.values(renameByName).filter(title => /^Value/.test(title))).toEqual([]);
    for (const { refId } of queriesOf(panel)) {
      const value = `Value #${refId}`;
      expect(value in renameByName || excludeByName[value], value).toBe(true);
    }
    expect('Value' in renameByName || excludeByName.Value).toBe(true);
  });
});

test.each(ofType('table'))('$name shows all its columns on a screen 1600 pixels wide', ({ panel }) => {
  // Grafana gives a column 150 pixels at least, unless its width is given, and takes 8 at each side.
  const inside = (panel.gridPos!.w * (1600 - 32 + 8)) / 24 - 8 - 2 * 8;
  const { renameByName } = panel.transformations!.find(({ id }) => id === 'organize')!.options as {
    renameByName: Record<string, string>;
  };
  const widths = Object.values(renameByName).map(title => {
    const properties = panel.fieldConfig!.overrides.find(({ matcher }) => matcher.options === title)?.properties ?? [];
    return (properties.find(({ id }) => id === 'custom.width')?.value as number | undefined) ?? 150;
  });
  expect(widths.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(inside);
});

/** How far apart two colours are, 0 to 442. */
const distance = (a: string, b: string): number => Math.hypot(...[1, 3, 5].map(at => channel(a, at) - channel(b, at)));
const channel = (color: string, at: number): number => Number.parseInt(color.slice(at, at + 2), 16);

test.each(Object.entries({ lossColors, intendedColors, sourceColors }))('no two of %s look alike', (_, colors) => {
  const names = Object.keys(colors);
  const alike = names.flatMap((one, index) =>
    names
      .slice(index + 1)
      .filter(other => distance(colors[one]!, colors[other]!) < 50)
      .map(other => `${one} ${other}`),
  );
  expect(alike).toEqual([]);
});

test('every reason and every source has a colour', () => {
  expect([...Object.keys(lossColors), ...Object.keys(intendedColors)].toSorted()).toEqual(dropReasons.toSorted());
  expect(Object.keys(sourceColors).toSorted()).toEqual(['events', 'kafka', 'mqtt', 'windows']);
});

test.each(committedBridgeDashboards)('$name begins with at most 20 panels, the rest is folded', ({
  name,
  dashboard,
}) => {
  if (name === 'runbooks') return;
  expect(dashboard.panels!.filter(panel => !isRow(panel)).length).toBeLessThanOrEqual(20);
});

test('the first page lists what fires, and what waits longest', () => {
  const { dashboard } = committedBridgeDashboards.find(({ name }) => name === 'pipeline')!;
  const titles = dashboard.panels!.slice(0, 12).map(({ title }) => title);
  expect(titles).toEqual(expect.arrayContaining(['Alerts that fire', 'Oldest in flight']));
});

test('a count is of a counter’s own steps', () => {
  expect(counted('x{a="b"}')).toContain('max_over_time(x{a="b"}[$__range]) - min_over_time(x{a="b"}[$__range])');
});
