/** Which document runs, and which build runs it. */
import { Gauge, type Registry } from 'prom-client';
import packageJson from '../../package.json' with { type: 'json' };
import type { BridgeFigures } from './figures.ts';
import { type MetricEntry, one } from './metric-table.ts';

export const configMetrics: readonly MetricEntry<BridgeFigures>[] = [
  {
    name: 'mkb_config_last_reload_successful',
    type: 'gauge',
    help: '1 if the last document that the bridge was given was taken: at start, or by a reload. After a reload that failed it goes on with the one before.',
    labels: [],
    samples: ({ config }) => one(config.refusal === undefined ? 1 : 0),
  },
  {
    name: 'mkb_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'When the document that runs was taken, seconds since 1970.',
    labels: [],
    samples: ({ config }) => one(config.takenAt),
  },
  {
    name: 'mkb_config_hash',
    type: 'gauge',
    help: 'A number made of the document that runs: replicas with the same number run the same. Secrets are no part of it.',
    labels: [],
    samples: ({ config }) => one(config.hash),
  },
  {
    name: 'mkb_config_refused_hash',
    type: 'gauge',
    help: 'While the last document that the bridge was given is not taken: the number of that document, and the code of the error. 0 if it could not be read.',
    labels: ['code'],
    samples: ({ config: { refusal } }) => (refusal === undefined ? [] : [[{ code: refusal.code }, refusal.hash]]),
  },
];

export const buildInfoName = 'mkb_build_info';
export const buildInfoHelp = 'Always 1. Its labels say which version of the bridge runs, and on which Node.js.';

export function registerBuildInfo(registry: Registry): void {
  const labelNames = ['version', 'nodejs'];
  const info = new Gauge({ name: buildInfoName, help: buildInfoHelp, labelNames, registers: [registry] });
  info.set({ version: packageJson.version, nodejs: process.version }, 1);
}
