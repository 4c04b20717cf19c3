/** A real Prometheus for tests, on a free port, in a temporary folder, in about a second. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { removeFolder, temporaryFolder } from './cleanup.ts';
import { program } from './install.ts';
import { freePort } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { untilStarted } from './until.ts';

/** What a job scrapes, as service discovery would tell. */
export interface ScrapeTarget {
  readonly address: string;
  /** Labels of the target, such as those that a Pod's have. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether a label that a series has already stays as it is. */
  readonly honorLabels: boolean;
}

export interface PrometheusOptions {
  /** host:port by scrape job, or more than that. */
  readonly jobs: Readonly<Record<string, string | ScrapeTarget>>;
  /** Rule files. */
  readonly rules?: readonly string[];
  /** Between two scrapes, and two evaluations of rules. Default 1s. */
  readonly interval?: string;
}

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface RunningPrometheus {
  readonly url: string;
  /** What a query gives now. A scalar has no labels. Throws with Prometheus' own words when the query is wrong. */
  query(expr: string): Promise<Series[]>;
  /** Whether the last scrape of each job succeeded. */
  targetsUp(): Promise<boolean>;
  /** What Prometheus says of its rules: name, health, and the last error. */
  rules(): Promise<{ readonly name: string; readonly health: string; readonly lastError?: string }[]>;
  /** Alerts that fire or are about to, with their texts filled in. */
  alerts(): Promise<{ readonly labels: Record<string, string>; readonly annotations: Record<string, string> }[]>;
  stop(): Promise<void>;
  log(): string;
}

/** A configuration of somebody else's. */
export interface PrometheusConfig {
  readonly configFile: string;
}

/** Starts Prometheus and waits until it is ready. */
export async function startPrometheus(options: PrometheusOptions | PrometheusConfig): Promise<RunningPrometheus> {
  const command = program('prometheus');
  if (!command) throw new Error('Prometheus is not installed here: npm run provision');
  const folder = temporaryFolder('prometheus');
  const port = await freePort();
  const config = 'configFile' in options ? options.configFile : writeConfig(folder, options);
  const server = new ServerProcess({
    name: 'Prometheus',
    command,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    logFile: join(folder, 'log'),
  });
  const url = `http://127.0.0.1:${port}`;
  const get = (path: string, parameters: Record<string, string> = {}) => ask(`${url}${path}`, parameters);
  const stop = async () => {
    await server.kill();
    removeFolder(folder);
  };
  await server.launch();
  try {
    await untilStarted('Prometheus to be ready', async () => server.pid > 0 && (await fetch(`${url}/-/ready`)).ok);
  } catch (error) {
    const log = server.log();
    await stop();
    throw new Error(`${(error as Error).message}\n${log}`, { cause: error });
  }
  return {
    url,
    query: async expr => seriesOf(await get('/api/v1/query', { query: expr })),
    targetsUp: async () => {
      const { activeTargets } = (await get('/api/v1/targets')) as { activeTargets: { health: string }[] };
      return activeTargets.length > 0 && activeTargets.every(({ health }) => health === 'up');
    },
    rules: async () => {
      const { groups } = (await get('/api/v1/rules')) as { groups: { rules: { name: string; health: string }[] }[] };
      return groups.flatMap(({ rules }) => rules);
    },
    alerts: async () => {
      type Alerts = Awaited<ReturnType<RunningPrometheus['alerts']>>;
      return ((await get('/api/v1/alerts')) as { alerts: Alerts }).alerts;
    },
    stop,
    log: () => server.log(),
  };
}

function writeConfig(folder: string, { jobs, rules = [], interval = '1s' }: PrometheusOptions): string {
  mkdirSync(join(folder, 'rules'));
  for (const file of rules) copyFileSync(file, join(folder, 'rules', basename(file)));
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['rules/*.yaml'],
    scrape_configs: Object.entries(jobs).map(([job_name, target]) => ({ job_name, ...scraped(target) })),
  };
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
  return join(folder, 'prometheus.yml');
}

function scraped(target: string | ScrapeTarget): object {
  if (typeof target === 'string') return { static_configs: [{ targets: [target] }] };
  const { address, labels, honorLabels } = target;
  return { honor_labels: honorLabels, static_configs: [{ targets: [address], labels }] };
}

async function ask(url: string, parameters: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${url}?${new URLSearchParams(parameters)}`);
  const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string };
  if (status !== 'success') throw new Error(`Prometheus: ${error}\n${JSON.stringify(parameters)}`);
  return data;
}

function seriesOf(data: unknown): Series[] {
  const { resultType, result } = data as { resultType: string; result: unknown };
  if (resultType === 'scalar') return [{ labels: {}, value: Number((result as [number, string])[1]) }];
  const vector = result as { metric: Record<string, string>; value: [number, string] }[];
  return vector.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}
