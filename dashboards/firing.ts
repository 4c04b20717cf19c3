/** Alerts that fire, as the first page and the runbooks show them. */
import { NoUnit } from '@grafana/grafana-foundation-sdk/units';
import { red, words, yellow } from './panels.ts';
import { table } from './tables.ts';
import { uids } from './uids.ts';

/** Of this kit, those about the operator's installation among them. */
export const firingAlerts = 'ALERTS{alertstate="firing",alertname=~"(Mkb|Mqtt|Emqx|Kafka).*"}';

/** What an alert is about, in one column, so that none is cut. */
const about = ['bridge', 'source', 'target', 'topic', 'instance'].map(label => `"${label}"`).join(', ');

export const firingTable = (width: number, height: number) =>
  table({
    title: 'Alerts that fire',
    description: 'Every alert of this kit that fires now. Its name leads to the runbooks, which say what to do.',
    // Nor is one known while Prometheus does not work out the rules; the tile Alerts firing tells the two apart.
    none: 'No alert is known to fire',
    unit: NoUnit,
    width,
    height,
    queries: [{ expr: `max by (alertname, severity, about) (label_join(${firingAlerts}, "about", " ", ${about}))` }],
    columns: [
      { from: 'alertname', title: 'Alert', width: 250, link: { title: 'Runbooks', url: `/d/${uids.runbooks}` } },
      { from: 'severity', title: 'Severity', width: 90, mappings: [severities] },
      { from: 'about', title: 'About' },
    ],
  });

const severities = words({ critical: ['critical', red], warning: ['warning', yellow] });
