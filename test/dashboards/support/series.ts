/** What the series of a graph are called, and which colours Grafana gives them. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { RunningPrometheus } from '../../real/prometheus.ts';
import { queriesOf } from './committed.ts';
import { filledIn } from './tiles.ts';

/** The colours that Grafana gives to series one after another, in its dark and its light theme. It has more; a panel has 20 series at most. */
const palettes: readonly (readonly string[])[] = [
  '73BF69 F2CC0C 5794F2 FF9830 F2495C B877D9 37872D E0B400 1F60C4 FA6400 C4162A 8F3BB8 C8F2C2 FFF899 C0D8FF FFCB7D FFA6B0 DEB6F2 447EBC C15C17',
  '56A64B E0B400 3274D9 FF780A E02F44 A352CC 19730E CC9D00 1250B0 E55400 AD0317 7C2EA3 96D98D FFEE52 8AB8FF FFB357 FF7383 CA95E5 447EBC C15C17',
].map(palette => palette.split(' ').map(color => `#${color}`));

/** The names of a graph's series, in the order of its queries. */
export async function seriesNames(
  prometheus: RunningPrometheus,
  panel: Panel,
  rateInterval: string,
): Promise<readonly string[]> {
  const answers = queriesOf(panel).map(async ({ expr, legendFormat = '' }) =>
    (await prometheus.query(filledIn(expr, rateInterval))).map(({ labels }) =>
      legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? ''),
    ),
  );
  return (await Promise.all(answers)).flat();
}

/** The colours of these series, in each theme. */
export function seriesColors(panel: Panel, names: readonly string[]): readonly (readonly string[])[] {
  const fixed = new Map(
    panel.fieldConfig!.overrides.flatMap(({ matcher, properties }) =>
      properties
        .filter(({ id }) => id === 'color')
        .map(({ value }) => [matcher.options as string, (value as { fixedColor: string }).fixedColor] as const),
    ),
  );
  return palettes.map(palette => names.map((name, index) => fixed.get(name) ?? palette[index % palette.length]!));
}
