/**
 * What all dashboards have alike: a fixed uid, so that links and bookmarks last; the datasource as a variable; links to one another that
 * keep the time range and the variables; and marks where a process restarted or an alert fired.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { firingAlerts } from './firing.ts';
import { place } from './layout.ts';
import { datasource } from './panels.ts';

export interface Row {
  readonly title: string;
  /** Folded until somebody asks for it: what only some installations have. */
  readonly folded?: boolean;
  readonly panels: readonly Builder<Panel>[];
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Further variables than the datasource. */
  readonly variables: readonly Builder<VariableModel>[];
  /** How far back it shows; 5m unless given: of what has run for a minute, a longer time would be an empty page. */
  readonly shows?: string;
  /** Scrape jobs whose restarts are marked. */
  readonly restartsOf: readonly string[];
  readonly rows: readonly Row[];
}

/** A variable with the values that a label has now. All of them unless some are chosen. */
export const labelVariable = (name: string, label: string, metric: string, title: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(title)
    .datasource(datasource)
    .query({ query: `label_values(${metric}, ${label})`, refId: name })
    .definition(`label_values(${metric}, ${label})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] });

const datasourceVariable = (): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus').multi(false).includeAll(false);

/** A link to another dashboard, with the time range. */
export const linkTo = (uid: string, title: string): DashboardLink => ({
  title,
  type: DashboardLinkType.Link,
  icon: 'dashboard',
  tooltip: '',
  url: `/d/${uid}`,
  tags: [],
  asDropdown: false,
  targetBlank: false,
  includeVars: false,
  keepTime: true,
});

/** The others of this kit, found by their tag. */
const siblings: DashboardLink = {
  title: 'MQTT to Kafka',
  type: DashboardLinkType.Dashboards,
  icon: 'external link',
  tooltip: 'The other dashboards of this kit',
  url: '',
  tags: ['mqtt-kafka-kit'],
  asDropdown: false,
  targetBlank: false,
  includeVars: true,
  keepTime: true,
};

const annotation = (name: string, iconColor: string, expr: string, titleFormat: string): AnnotationQuery => ({
  name,
  datasource,
  enable: true,
  hide: false,
  iconColor,
  expr,
  titleFormat,
  step: '15s',
});

/** A restarted process has another start time; the first scrape of all is no restart. */
const restarts = (jobs: readonly string[]): AnnotationQuery =>
  annotation(
    'Restarts',
    'blue',
    `changes(process_start_time_seconds{job=~"${jobs.join('|')}"}[$__rate_interval]) > 0`,
    '{{job}} {{instance}} restarted',
  );

const firing = annotation('Alerts', 'red', firingAlerts, '{{alertname}} {{bridge}}');

/** A dashboard of rows of panels, numbered in reading order. */
export function dashboard(spec: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags(['mqtt-kafka-kit'])
    .timezone('browser')
    .time({ from: `now-${spec.shows ?? '5m'}`, to: 'now' })
    .refresh('10s')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([datasourceVariable(), ...spec.variables])
    .annotations([restarts(spec.restartsOf), firing].map(query => ({ build: () => query })))
    .links([{ build: () => siblings }]);
  for (const { title, folded = false, panels } of spec.rows) {
    const row = new RowBuilder(title).collapsed(folded);
    if (folded) for (const panel of panels) row.withPanel(panel);
    builder.withRow(row);
    if (!folded) for (const panel of panels) builder.withPanel(panel);
  }
  return arranged(builder.build());
}

/** Places panels, and gives each an id, unique in the dashboard; the order gives them, so that a file changes only where it must. */
function arranged(built: Dashboard): Dashboard {
  let id = 1;
  let line = 0;
  let row: Panel[] = [];
  for (const panel of built.panels ?? []) {
    panel.id = id++;
    if (!('panels' in panel)) {
      row.push(panel);
      continue;
    }
    line = place(row, line);
    row = [];
    panel.gridPos = { x: 0, y: line++, w: 24, h: 1 };
    place(panel.panels, line);
    for (const inside of panel.panels) inside.id = id++;
  }
  place(row, line);
  return built;
}
