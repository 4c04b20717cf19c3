/** What the tiles of a dashboard show, as Grafana colours them: by words for values first, by thresholds otherwise. */
import { MappingType, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { RunningPrometheus } from '../../real/prometheus.ts';
import { type CommittedDashboard, panelsOf, queriesOf } from './committed.ts';

export interface Tile {
  readonly title: string;
  /** Of each of its values. None if there is no data. */
  readonly colors: readonly (string | undefined)[];
}

/** What Grafana puts in for its variables when everything is chosen. */
export const filledIn = (expr: string, rateInterval: string): string =>
  expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', '1m')
    .replaceAll('$__interval', '1s')
    .replace(/"\$\w+"/g, '".*"');

/** Every tile that is not folded, as it is now. */
export const tilesOf = (prometheus: RunningPrometheus, { dashboard }: CommittedDashboard): Promise<Tile[]> =>
  Promise.all(
    panelsOf(dashboard)
      .filter(panel => panel.type === 'stat' && dashboard.panels!.includes(panel))
      .map(async panel => {
        const answers = await Promise.all(queriesOf(panel).map(({ expr }) => prometheus.query(filledIn(expr, '10s'))));
        return { title: panel.title!, colors: answers.flat().map(({ value }) => colorOf(panel, value)) };
      }),
  );

export function colorOf({ fieldConfig }: Panel, value: number): string | undefined {
  const { mappings = [], thresholds } = fieldConfig!.defaults;
  for (const mapping of mappings) {
    switch (mapping.type) {
      case MappingType.ValueToText:
        if (`${value}` in mapping.options) return mapping.options[`${value}`]!.color;
        break;
      case MappingType.RangeToText: {
        const { from, to, result } = mapping.options;
        if (value >= (from ?? Number.NEGATIVE_INFINITY) && value <= (to ?? Number.POSITIVE_INFINITY))
          return result.color;
        break;
      }
      case MappingType.SpecialValue:
        if (Number.isNaN(value)) return mapping.options.result.color;
        break;
    }
  }
  return thresholds!.steps.findLast(step => value >= (step.value ?? Number.NEGATIVE_INFINITY))!.color;
}
