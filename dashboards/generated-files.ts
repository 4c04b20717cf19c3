/** What `npm run generate` makes of the dashboards, alerts and recordings. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { kafkaDashboard } from './kafka.ts';
import { mqttBrokerDashboard } from './mqtt-broker.ts';
import { pipelineDashboard } from './pipeline.ts';
import { ruleFile } from './rule-file.ts';
import { vehiclesDashboard } from './vehicles.ts';

/** Every dashboard, by the name of its file in dashboards/generated, without .json. */
export const dashboards: Readonly<Record<string, () => Dashboard>> = {
  pipeline: pipelineDashboard,
  vehicles: vehiclesDashboard,
  'mqtt-broker': mqttBrokerDashboard,
  kafka: kafkaDashboard,
};

/** Paths from the repository's root, and what is in the files. */
export const dashboardFiles: readonly { readonly path: string; content(): string }[] = [
  ...Object.entries(dashboards).map(([name, build]) => ({
    path: `dashboards/generated/${name}.json`,
    content: () => `${JSON.stringify(build(), null, 2)}\n`,
  })),
  { path: 'dashboards/generated/rules.yaml', content: () => ruleFile() },
  // Again, in the folder that the demo's Prometheus has as its own.
  { path: 'demo/prometheus/rules.yaml', content: () => ruleFile() },
];
