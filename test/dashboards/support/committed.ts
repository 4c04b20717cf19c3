/** The dashboards as they are committed, which is what Grafana reads. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { bridgeDashboards, dashboardPath, operatorDashboards } from '../../../dashboards/generated-files.ts';

export const root = join(import.meta.dirname, '..', '..', '..');

export interface CommittedDashboard {
  readonly name: string;
  readonly dashboard: Dashboard;
}

const committed = (builders: Readonly<Record<string, () => Dashboard>>): readonly CommittedDashboard[] =>
  Object.keys(builders).map(name => ({
    name,
    dashboard: JSON.parse(readFileSync(join(root, dashboardPath(name)), 'utf8')) as Dashboard,
  }));

/** Those that the demo has. */
export const committedBridgeDashboards = committed(bridgeDashboards);
/** Those of the operator. */
export const committedOperatorDashboards = committed(operatorDashboards);
export const committedDashboards = [...committedBridgeDashboards, ...committedOperatorDashboards];

export const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === 'row';

/** Every panel that is no row, those inside folded rows too. */
export const panelsOf = ({ panels = [] }: Dashboard): Panel[] =>
  panels.flatMap(panel => (isRow(panel) ? panel.panels : [panel]));

/** The queries of a panel. */
export const queriesOf = ({ targets = [] }: Panel): { expr: string; refId: string; legendFormat?: string }[] =>
  targets as unknown as { expr: string; refId: string; legendFormat?: string }[];

/** Every panel of some dashboards that shows figures, named for messages. */
export const allPanelsOf = (dashboards: readonly CommittedDashboard[]) =>
  dashboards.flatMap(({ name, dashboard }) =>
    panelsOf(dashboard)
      .filter(panel => panel.type !== 'text')
      .map(panel => ({ name: `${name}: ${panel.title}`, dashboard, panel })),
  );
