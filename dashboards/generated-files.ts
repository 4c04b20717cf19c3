/** What `npm run generate` makes of the dashboards, alerts and recordings. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { kafkaDashboard } from './kafka.ts';
import { mqttBrokerDashboard } from './mqtt-broker.ts';
import { operatorDashboard } from './operator/dashboard.ts';
import { pipelineDashboard } from './pipeline.ts';
import { nowhere, operatorRuleGroups, ruleFile } from './rule-file.ts';
import { runbooksDashboard } from './runbooks.ts';
import { vehiclesDashboard } from './vehicles.ts';

/** By the names of their files, without .json. These are the demo's as well. */
export const bridgeDashboards: Readonly<Record<string, () => Dashboard>> = {
  pipeline: pipelineDashboard,
  vehicles: vehiclesDashboard,
  'mqtt-broker': mqttBrokerDashboard,
  kafka: kafkaDashboard,
  runbooks: runbooksDashboard,
};

/** Of what only an installation of the operator has. They are in a folder of their own, for the demo shows all that is in the other. */
export const operatorDashboards: Readonly<Record<string, () => Dashboard>> = { operator: operatorDashboard };

/** From the repository's root. */
export const dashboardPath = (name: string): string =>
  `dashboards/${name in operatorDashboards ? 'operator/' : ''}generated/${name}.json`;

/** Paths from the repository's root, and what is in the files. */
export const dashboardFiles: readonly { readonly path: string; content(): string }[] = [
  ...Object.entries({ ...bridgeDashboards, ...operatorDashboards }).map(([name, build]) => ({
    path: dashboardPath(name),
    content: () => `${JSON.stringify(build(), null, 2)}\n`,
  })),
  { path: 'dashboards/generated/rules.yaml', content: () => ruleFile() },
  // Again, in the folder that the demo's Prometheus has as its own.
  { path: 'demo/compose/prometheus/rules.yaml', content: () => ruleFile() },
  { path: 'dashboards/operator/generated/rules.yaml', content: () => ruleFile(nowhere, operatorRuleGroups) },
];
