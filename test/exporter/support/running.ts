/** An exporter in this process, with what it reported. */
import { onTestFinished } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import { formatProblems } from '../../../api/problems.ts';
import { loadExporterText } from '../../../exporter/config/load.ts';
import { prepareExporter } from '../../../exporter/exporter.ts';
import { until } from '../../real/until.ts';
import { type Scrape, scrape } from './scrape.ts';

export interface RunningExporter {
  /** Every error, in order. */
  readonly errors: readonly MkbError[];
  scrape(): Promise<Scrape>;
  /** Waits until a scrape is as `state` says. */
  shows(what: string, state: (scrape: Scrape) => unknown): Promise<void>;
  missing(): readonly string[];
  /** Ends it before the test does. */
  stop(): Promise<void>;
}

/**
 * Starts an exporter that asks once a second, and stops it when the test ends. A round may take ten seconds, which a document does not allow:
 * on a busy machine none shall fail by itself.
 *
 * @param spec of a valid document
 */
export async function startExporter(spec: Record<string, unknown>): Promise<RunningExporter> {
  const text = JSON.stringify({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaExporter',
    spec: { interval: '1s', timeout: '1s', ...spec },
  });
  const { document, problems } = loadExporterText(text, 'exporter.json');
  if (!document) throw new Error(formatProblems(problems, { colour: false }));
  if (spec.timeout === undefined) document.spec.timeout = '10s';
  const errors: MkbError[] = [];
  const exporter = await prepareExporter(document, {
    secrets: { secretsDir: '/nowhere' },
    report: error => errors.push(error),
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= exporter.stop();
    return stopped;
  };
  onTestFinished(stop);
  exporter.start();
  return {
    errors,
    stop,
    scrape: () => scrape(exporter.registry),
    shows: async (what, state) => {
      await until(what, async () => state(await scrape(exporter.registry)));
    },
    missing: exporter.missing,
  };
}
