/**
 * The runbooks as a dashboard: an alert's link leads to its page in the Grafana that shows the alert, wherever that is. Above them is what fires
 * now.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { firingTable } from './firing.ts';
import { dashboard } from './frame.ts';
import { jobs } from './promql.ts';
import { alertNames, runbookPanel, runbookPath } from './rule-file.ts';
import { uids } from './uids.ts';

const root = join(import.meta.dirname, '..');

/** By file name in docs/runbooks. */
const panels: ReadonlyMap<string, number> = new Map([
  ['README.md', 4],
  ...alertNames.map(name => [runbookPath({ name }).split('/').at(-1)!, runbookPanel({ name })] as const),
]);

/** A page as a panel has it: its title is the panel's, links to other pages lead to their panels, and those to other files are text. */
function panelText(path: string): string {
  const text = readFileSync(join(root, path), 'utf8').replace(/^# .*\n+/, '');
  return text.replace(/\[([^\]]+)\]\(([^)]+)\)/g, (link, shown: string, to: string) => {
    const panel = panels.get(to);
    if (panel !== undefined) return `[${shown}](?viewPanel=${panel})`;
    return to.startsWith('http') ? link : shown;
  });
}

const page = (title: string, path: string) =>
  new TextBuilder().title(title).height(12).span(24).mode(TextMode.Markdown).content(panelText(path));

export const runbooksDashboard = (): Dashboard =>
  dashboard({
    uid: uids.runbooks,
    title: 'Runbooks',
    description: 'What each alert means, where to look first, and what to do.',
    variables: [],
    restartsOf: [jobs.bridge, jobs.exporter],
    rows: [
      {
        title: 'Now',
        panels: [firingTable(24, 8)],
      },
      {
        title: 'Pages',
        panels: [
          page('All alerts', 'docs/runbooks/README.md'),
          ...alertNames.map(name => page(name, runbookPath({ name }))),
        ],
      },
    ],
  });
