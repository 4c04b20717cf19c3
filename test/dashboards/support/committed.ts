/** The dashboards as they are committed, which is what Grafana reads. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboards } from '../../../dashboards/generated-files.ts';

export const root = join(import.meta.dirname, '..', '..', '..');

export const committedDashboards: readonly { readonly name: string; readonly dashboard: Dashboard }[] = Object.keys(
  dashboards,
).map(name => ({
  name,
  dashboard: JSON.parse(readFileSync(join(root, 'dashboards', 'generated', `${name}.json`), 'utf8')) as Dashboard,
}));

export const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === 'row';

/** Every panel that is no row, those inside folded rows too. */
export const panelsOf = ({ panels = [] }: Dashboard): Panel[] =>
  panels.flatMap(panel => (isRow(panel) ? panel.panels : [panel]));

/** The queries of a panel. */
export const queriesOf = ({ targets = [] }: Panel): { expr: string; refId: string; legendFormat?: string }[] =>
  targets as unknown as { expr: string; refId: string; legendFormat?: string }[];

/** Every panel of every dashboard, named for messages. */
export const allPanels = committedDashboards.flatMap(({ name, dashboard }) =>
  panelsOf(dashboard).map(panel => ({ name: `${name}: ${panel.title}`, dashboard, panel })),
);
