/**
 * Tests that a real Prometheus has an answer to every query of dashboards and alerts, while all is well: a panel that stays empty, or an alert
 * that watches a metric nobody has, is found here.
 */
import { describe, expect, test } from 'vitest';
import { red } from '../../../dashboards/panels.ts';
import { alertsOf, type RuleGroup } from '../../../dashboards/rule-file.ts';
import type { RunningPrometheus } from '../../real/prometheus.ts';
import { until } from '../../real/until.ts';
import { allPanelsOf, type CommittedDashboard, queriesOf } from './committed.ts';
import { selectors } from './metric-names.ts';
import { seriesColors, seriesNames } from './series.ts';
import { colorOf, filledIn as fillIn } from './tiles.ts';

export interface Asked {
  readonly dashboards: readonly CommittedDashboard[];
  /** The rules that this Prometheus has, and no others. */
  readonly groups: readonly RuleGroup[];
  /** It scrapes each second. */
  readonly prometheus: () => RunningPrometheus;
  /** What Grafana puts in for $__rate_interval: time enough for something to happen. */
  readonly rateInterval: string;
  /** Labels that legends name and not every series has. */
  readonly rareLabels?: readonly string[];
}

export function describeAnswers({ dashboards, groups, prometheus, rateInterval, rareLabels = [] }: Asked): void {
  const filledIn = (expr: string): string => fillIn(expr, rateInterval);
  /** Waits until a query gives a number. */
  const gives = (expr: string) =>
    until(`data of ${expr}`, async () => (await prometheus().query(expr)).some(({ value }) => !Number.isNaN(value)), {
      everyMs: 250,
    });
  const panels = allPanelsOf(dashboards);

  describe.each(panels)('$name', ({ panel }) => {
    test.each(queriesOf(panel))('query $refId has data, with the labels that its legend names', async query => {
      if (listsAlerts(query.expr)) {
        // A scrape that a busy machine missed is an alert for a moment.
        await until('no alert', async () => (await prometheus().query(filledIn(query.expr))).length === 0);
        return;
      }
      await gives(filledIn(query.expr));
      const labels = [...(query.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      for (const label of labels.filter(each => !rareLabels.includes(each))) {
        await until(`the label ${label}`, async () =>
          (await prometheus().query(filledIn(query.expr))).some(each => label in each.labels),
        );
      }
    });
  });

  test.each(
    panels.filter(({ panel }) => panel.type === 'timeseries'),
  )('$name gives each of its series a name and a colour of its own', async ({ panel }) => {
    const names = await seriesNames(prometheus(), panel, rateInterval);
    expect(names.length).toBeLessThanOrEqual(20);
    expect(names).toEqual([...new Set(names)]);
    for (const colors of seriesColors(panel, names)) expect(colors).toEqual([...new Set(colors)]);
  });

  describe.each(dashboards)('$name', ({ dashboard }) => {
    const [, ...variables] = dashboard.templating.list!;
    test.each(variables)('the variable $name has values', async ({ definition }) => {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition!)!;
      await gives(`count by (${label}) (${metric}{${label}!=""})`);
    });

    test.each(dashboard.annotations.list!)('Prometheus takes the annotation $name', async ({ expr }) => {
      await prometheus().query(filledIn(expr!));
    });

    test('restarts are told by processes that are there', async () => {
      const [restarts] = dashboard.annotations.list!;
      await gives(filledIn(restarts!.expr!).replace(/ > 0$/, ''));
    });
  });

  describe.each(alertsOf(groups))('$name $severity', ({ expr }) => {
    test('what it watches is there', async () => {
      await prometheus().query(expr);
      for (const selector of selectors(expr)) {
        const series = selector.replace(
          /^bridge_source:mkb_delivery_slow:ratio_rate\w+$/,
          'bridge_source:mkb_delivery_slow:ratio_rate5m',
        );
        await gives(`count(last_over_time(${series}[1m]))`);
      }
    });
  });

  test('Prometheus works out every rule, and none fires while all is well', async () => {
    const count = groups.reduce((sum, { rules }) => sum + rules.length, 0);
    const rules = await until('every rule to be worked out', async () => {
      const all = await prometheus().rules();
      return all.some(({ health }) => health === 'unknown') ? undefined : all;
    });
    expect(rules.length).toBe(count);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(await prometheus().query('ALERTS{alertstate="firing"}')).toEqual([]);
  });

  test.each(panels.filter(({ panel }) => panel.type === 'stat'))('$name is not red while all is well', async ({
    panel,
  }) => {
    await until('another colour than red', async () => {
      const answers = await Promise.all(queriesOf(panel).map(({ expr }) => prometheus().query(filledIn(expr))));
      return answers.flat().every(({ value }) => colorOf(panel, value) !== red);
    });
  });
}

/** Whether a query lists alerts that fire: there is none while all is well. */
const listsAlerts = (expr: string): boolean =>
  /^max by \([^)]*\) \((?:label_join\()?ALERTS\{alertstate="firing"/.test(expr);

/** Waits until an alert fires or is about to, and looks at its texts. Returns its labels. */
export async function begins(prometheus: RunningPrometheus, name: string): Promise<Readonly<Record<string, string>>> {
  const { annotations, labels } = await until(`${name} to begin`, async () =>
    (await prometheus.alerts()).find(alert => alert.labels.alertname === name),
  );
  expect(Object.keys(annotations).sort()).toEqual(['dashboard_url', 'description', 'runbook_url', 'summary']);
  expect(JSON.stringify(annotations)).not.toMatch(/\{\{|<error|<no value>/);
  // The link opens when it happened, on what it is about.
  const [, from, to, variables] =
    /^(?:http:\/\/localhost:3000)?\/d\/[\w-]+\?from=(\d{13})&to=(\d{13})((?:&var-\w+=[^&]+)*)$/.exec(
      annotations.dashboard_url!,
    )!;
  expect(Number(to) - Number(from)).toBeGreaterThanOrEqual(3600_000);
  expect(Math.abs(Date.now() - Number(to))).toBeLessThan(300_000);
  for (const [, variable, value] of variables!.matchAll(/&var-(\w+)=([^&]+)/g)) {
    const label = { broker: 'target', cluster: 'target' }[variable!] ?? variable!;
    expect(value, variable).toBe(encodeURIComponent((labels[label] ?? labels.name)!));
  }
  return labels;
}
