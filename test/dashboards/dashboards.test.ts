import * as units from '@grafana/grafana-foundation-sdk/units';
import { describe, expect, test } from 'vitest';
import { bridgeDashboards, operatorDashboards } from '../../dashboards/generated-files.ts';
import { uids } from '../../dashboards/uids.ts';
import { allPanelsOf, committedDashboards, isRow, panelsOf, queriesOf } from './support/committed.ts';
import { knownMetrics, metricNames } from './support/metric-names.ts';

const datasource = { type: 'prometheus', uid: '${datasource}' };
const known = knownMetrics();
const dashboards = { ...bridgeDashboards, ...operatorDashboards };

test('metrics are found in a query, and nothing else is', () => {
  const query =
    'sum by (bridge, le) (rate(a_total{b="c_total{",d=~"e"}[$__rate_interval])) / on (job) group_left (x) bridge:f:g or vector(0) unless h offset 5m';
  expect(metricNames(query)).toEqual(['a_total', 'bridge:f:g', 'h']);
});

describe.each(committedDashboards)('$name', ({ name, dashboard }) => {
  test('is what the code makes', () => {
    expect(dashboard).toEqual(JSON.parse(JSON.stringify(dashboards[name]!())));
  });

  test('has a fixed uid that is one of the list', () => {
    expect(Object.values(uids)).toContain(dashboard.uid);
  });

  test('numbers its panels, each differently', () => {
    const ids = [...dashboard.panels!.filter(isRow), ...panelsOf(dashboard)].map(({ id }) => id);
    expect(ids.every(id => Number.isInteger(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('lays its panels out side by side, none over another and none beyond the 24 columns', () => {
    for (const panels of [dashboard.panels!, ...dashboard.panels!.filter(isRow).map(row => row.panels)]) {
      const cells = panels.flatMap(({ gridPos }) => {
        const { x, y, w, h } = gridPos!;
        expect(x + w).toBeLessThanOrEqual(24);
        return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`);
      });
      expect(new Set(cells).size).toBe(cells.length);
    }
  });

  test('marks restarts by a metric that is there', () => {
    const [restarts] = dashboard.annotations.list!;
    expect(restarts!.name).toBe('Restarts');
    expect(restarts!.expr).toContain('changes(process_start_time_seconds');
    expect(restarts!.datasource).toEqual(datasource);
  });

  test('links to its siblings by a tag that it has itself, and keeps the time', () => {
    const [link] = dashboard.links!;
    expect(dashboard.tags).toEqual(link!.tags);
    expect(link!.keepTime).toBe(true);
  });

  test('asks for its variables what is exported, and uses each of them', () => {
    const [first, ...others] = dashboard.templating.list!;
    expect(first).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    const queries = panelsOf(dashboard).flatMap(panel => queriesOf(panel).map(({ expr }) => expr));
    for (const { name: variable, definition, datasource: source } of others) {
      expect(source).toEqual(datasource);
      expect(known).toContain(/^label_values\((\w+), \w+\)$/.exec(definition!)![1]);
      expect(
        queries.some(expr => expr.includes(`=~"$${variable}"`)),
        variable,
      ).toBe(true);
    }
  });

  test('uses no variable that it does not have', () => {
    const names = new Set(dashboard.templating.list!.map(({ name: variable }) => variable));
    const used = JSON.stringify(panelsOf(dashboard).filter(({ type }) => type !== 'text')).matchAll(
      /\$\{?([a-zA-Z]\w*)/g,
    );
    expect([...used].map(([, variable]) => variable).filter(variable => !names.has(variable!))).toEqual([]);
  });
});

describe.each(allPanelsOf(committedDashboards))('$name', ({ panel }) => {
  test('says what it means', () => {
    expect(panel.description!.length).toBeGreaterThan(20);
    expect(panel.description).toMatch(/\.$/);
  });

  test('has a unit that Grafana knows', () => {
    const { unit } = panel.fieldConfig!.defaults;
    expect((Object.values(units) as unknown[]).includes(unit) || /^suffix:\w/.test(unit!), unit).toBe(true);
  });

  test('asks the Prometheus that the reader chose', () => {
    expect(panel.datasource).toEqual(datasource);
    for (const target of queriesOf(panel)) expect(target).toMatchObject({ datasource });
  });

  test('names only metrics that are exported', () => {
    const names = queriesOf(panel).flatMap(({ expr }) => metricNames(expr));
    expect(names.filter(metric => !known.has(metric))).toEqual([]);
  });

  test('takes rates over the interval that Grafana works out, so that none is empty when zoomed, or over many steps of a broker', () => {
    for (const { expr } of queriesOf(panel)) {
      for (const [, window] of expr.matchAll(/\b(?:rate|increase|irate)\([^[]*\[([^\]]*)\]/g)) {
        const others = [...(expr.includes('mqtt_broker_') ? ['5m'] : []), ...(panel.type === 'stat' ? ['1h'] : [])];
        expect(['$__rate_interval', '$__range', ...others]).toContain(window);
      }
    }
  });

  test('asks each query under a letter of its own, and at least one', () => {
    const letters = queriesOf(panel).map(({ refId }) => refId);
    expect(letters.length).toBeGreaterThan(0);
    expect(new Set(letters).size).toBe(letters.length);
  });
});
