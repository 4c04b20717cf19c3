/**
 * `npm run pictures [-- NAME...]`: draws every dashboard in these situations, or in all of them, from a Prometheus that watches real
 * parts, into pictures/; `npm run pictures -- --prometheus URL` draws what a Prometheus has. To be looked at before and after each change of a
 * dashboard. The few that pages of the documentation have are written to docs/images.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../dashboards/support/committed.ts';
import { grafanaFolder, grafanaHow } from '../real/grafana.ts';
import { type DrawOptions, openPictures, type Pictures, type Shown } from './draw.ts';
import { type Situation, type StageOfSituations, stages } from './situations.ts';

const into = join(root, 'pictures');

/** What the documentation shows: the top of a dashboard in a situation. */
const documented: readonly {
  readonly situation: string;
  readonly dashboard: string;
  readonly theme: 'dark' | 'light';
  readonly height: number;
  readonly file: string;
}[] = [
  { situation: 'healthy', dashboard: 'pipeline', theme: 'dark', height: 740, file: 'pipeline.png' },
  { situation: 'kafka-killed', dashboard: 'pipeline', theme: 'dark', height: 740, file: 'pipeline-kafka-killed.png' },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { prometheus: { type: 'string' }, minutes: { type: 'string' } },
});
/** Minutes that are shown, where it is not what each dashboard asks for. */
const shown = values.minutes === undefined ? {} : { minutes: Number(values.minutes) };

function write(path: string, content: Buffer | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** What of a panel is worth a line. */
function faultsOf({ title, errors, cut = [], series = [] }: Shown): string[] {
  const colors = series.map(({ color }) => color);
  return [
    ...errors.map(error => `${title}: ${error}`),
    ...(cut.length > 0 ? [`${title}: cut: ${cut.join(', ')}`] : []),
    ...(new Set(colors).size < colors.length ? [`${title}: two series have one colour`] : []),
    ...(series.length > 20 ? [`${title}: ${series.length} series`] : []),
  ];
}

async function drawAll(
  pictures: Pictures,
  situation: string,
  { dashboards, scrape }: Pick<StageOfSituations, 'dashboards' | 'scrape'>,
) {
  const to = Date.now();
  const options = (theme: DrawOptions['theme']): DrawOptions => ({ theme, to, scrape, ...shown });
  for (const dashboard of dashboards) {
    for (const theme of ['dark', 'light'] as const) {
      const { png, panels, problems } = await pictures.draw(dashboard, { ...options(theme), open: true });
      write(join(into, situation, `${dashboard}-${theme}.png`), png);
      if (theme === 'light') continue;
      write(join(into, situation, `${dashboard}.json`), `${JSON.stringify(panels, undefined, 1)}\n`);
      for (const line of [...problems, ...panels.flatMap(faultsOf)]) console.log(`${situation} ${dashboard}: ${line}`);
    }
  }
  for (const each of documented.filter(
    ({ situation: of, dashboard }) => of === situation && dashboards.includes(dashboard),
  )) {
    const { png } = await pictures.draw(each.dashboard, { ...options(each.theme), height: each.height });
    write(join(root, 'docs', 'images', each.file), png);
  }
  console.log(`${situation}: ${join(into, situation)}`);
}

const seconds = (count: number) => new Promise(resolve => setTimeout(resolve, count * 1000));

async function through(pictures: Pictures, situation: Situation, stage: StageOfSituations, asked: readonly string[]) {
  await situation.begin?.();
  await seconds(situation.lasts);
  if (asked.includes(situation.name)) await drawAll(pictures, situation.name, stage);
  await situation.end?.();
}

async function played(stage: StageOfSituations, asked: readonly string[]): Promise<void> {
  const { prometheus, situations, stop } = await stage.start();
  try {
    const pictures = await openPictures(prometheus);
    try {
      for (const situation of situations) await through(pictures, situation, stage, asked);
    } finally {
      await pictures.close();
    }
  } finally {
    await stop();
  }
}

async function main(): Promise<void> {
  if (!grafanaFolder()) throw new Error(`Grafana's libraries are missing: ${grafanaHow}`);
  const names = stages.flatMap(stage => stage.names);
  const unknown = positionals.filter(name => !names.includes(name));
  if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(', ')}. There are ${names.join(', ')}.`);
  if (values.prometheus !== undefined) {
    const pictures = await openPictures(values.prometheus);
    try {
      await drawAll(pictures, 'given', { dashboards: stages.flatMap(({ dashboards }) => dashboards), scrape: 15 });
    } finally {
      await pictures.close();
    }
    return;
  }
  const asked = positionals.length > 0 ? positionals : names;
  for (const stage of stages) if (stage.names.some(name => asked.includes(name))) await played(stage, asked);
}

await main();
// The operator of a stage, which is meant to end with its process, leaves connections open.
process.exit();
