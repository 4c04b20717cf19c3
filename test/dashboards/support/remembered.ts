/** What a dashboard still shows of something that has died. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { expect } from 'vitest';
import { green } from '../../../dashboards/panels.ts';
import type { RunningPrometheus } from '../../real/prometheus.ts';
import { until } from '../../real/until.ts';
import { allPanelsOf, type CommittedDashboard, queriesOf } from './committed.ts';
import { metricNames } from './metric-names.ts';
import { colorOf, filledIn } from './tiles.ts';

export interface Death {
  readonly dashboards: readonly CommittedDashboard[];
  /** Metrics that nobody can know any more. */
  readonly metrics: RegExp;
  /** The values of a dashboard's variables that choose what has died; all unless given. */
  readonly chosen?: Readonly<Record<string, string>>;
  /** What Grafana puts in for $__rate_interval. */
  readonly rateInterval?: string;
}

/**
 * Waits until no panel, a folded one neither, shows a value of what has died as if it were so now: a tile may count what happened, but not in
 * green; graphs, states and tables have nothing at their end.
 */
export async function nothingRemembered(prometheus: RunningPrometheus, death: Death): Promise<void> {
  const panels = allPanelsOf(death.dashboards);
  const asked = panels.flatMap(({ name, panel }) =>
    queriesOf(panel)
      .filter(({ expr }) => metricNames(expr).some(metric => death.metrics.test(metric)))
      .map(({ expr }) => ({ name, panel, query: choose(expr, death.chosen ?? {}) })),
  );
  expect(asked.length).toBeGreaterThan(5);
  let shown: string[] = [];
  const look = async () => {
    const each = asked.map(async ({ name, panel, query }) => {
      const series = await prometheus.query(filledIn(query, death.rateInterval ?? '10s'));
      return series.filter(({ value }) => misleads(panel, value)).map(({ value }) => `${name}: ${value} of ${query}`);
    });
    shown = (await Promise.all(each)).flat();
    return shown.length === 0;
  };
  await until('nothing to be shown of what has died', look, { everyMs: 500, timeoutMs: 60_000 }).catch(error => {
    throw new Error(`${error.message}\n${shown.join('\n')}`, { cause: error });
  });
}

/** Where there is no number there is no line, and no word but one for that. */
const misleads = (panel: Panel, value: number): boolean =>
  panel.type === 'stat' ? colorOf(panel, value) === green : !Number.isNaN(value);

const choose = (expr: string, chosen: Readonly<Record<string, string>>): string =>
  Object.entries(chosen).reduce((text, [variable, value]) => text.replaceAll(`"$${variable}"`, `"${value}"`), expr);
