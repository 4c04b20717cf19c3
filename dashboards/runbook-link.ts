/** From a panel to the runbook of the alert that is about what it shows. */
import type { DashboardLink } from '@grafana/grafana-foundation-sdk/dashboard';
import { linkTo } from './frame.ts';
import { runbookPanel } from './rule-file.ts';
import { uids } from './uids.ts';

export const runbookOf = (alert: string): DashboardLink =>
  linkTo(`${uids.runbooks}?viewPanel=${runbookPanel({ name: alert })}`, `Runbook ${alert}`);
