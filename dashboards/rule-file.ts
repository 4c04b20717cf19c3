/**
 * From alerts and recordings to rule files of Prometheus: one about bridges, which the demo has as well, and one that an installation of the
 * operator brings.
 *
 * Where Grafana and the runbooks are to be read is not ours to know, so both are parameters. The committed file about bridges is the demo's:
 * Grafana on this machine, with the runbooks in it.
 */
import { stringify } from 'yaml';
import type { Alert, RecordingRule } from './alerts/alert.ts';
import { bridgeAlerts } from './alerts/bridge.ts';
import { exporterAlerts, kafkaAlerts, mqttAlerts } from './alerts/brokers.ts';
import { deliveryRecordings } from './alerts/delivery-objective.ts';
import { bridgeStateAlerts, operatorAlerts } from './operator/alerts.ts';
import { uids } from './uids.ts';

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (Alert | RecordingRule)[];
}

/** Rules of one group are worked out one after another: recordings come before the alerts that read them. */
export const ruleGroups: readonly RuleGroup[] = [
  { name: 'mkb-delivery-objective', rules: deliveryRecordings },
  { name: 'mkb-bridge', rules: bridgeAlerts },
  { name: 'mkb-mqtt-broker', rules: mqttAlerts },
  { name: 'mkb-kafka', rules: kafkaAlerts },
  { name: 'mkb-exporter', rules: exporterAlerts },
];

/** Alerts that only make sense where the operator is. */
export const operatorRuleGroups: readonly RuleGroup[] = [
  { name: 'mkb-bridge-state', rules: bridgeStateAlerts },
  { name: 'mkb-operator', rules: operatorAlerts },
];

export const alertsOf = (groups: readonly RuleGroup[]): readonly Alert[] =>
  groups.flatMap(({ rules }) => rules).filter(rule => 'name' in rule);

export const allAlerts: readonly Alert[] = alertsOf([...ruleGroups, ...operatorRuleGroups]);

/** Each alert's name once, in the order of the runbooks. */
export const alertNames: readonly string[] = [...new Set(allAlerts.map(({ name }) => name))];

/** The id of an alert's runbook among the panels of the dashboard Runbooks: after two titles, what fires now, and the list of all. */
export const runbookPanel = ({ name }: Pick<Alert, 'name'>): number => alertNames.indexOf(name) + 5;

/** MkbMessagesLost is explained in docs/runbooks/mkb-messages-lost.md. */
export const runbookPath = ({ name }: Pick<Alert, 'name'>): string =>
  `docs/runbooks/${name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.md`;

/** What alerts' links begin with. */
export interface Addresses {
  /** Before docs/runbooks/..., with a slash at its end unless it is empty. Without, they are read in Grafana, as a dashboard. */
  readonly runbooks?: string;
  /** Before /d/..., without a slash at its end. */
  readonly grafana: string;
}

const demo: Addresses = { grafana: 'http://localhost:3000' };

/** Links within the Grafana that shows the alert. */
export const here: Addresses = { grafana: '' };

/** Where neither is known, and is put in later: what the operator's chart begins with. */
export const nowhere: Addresses = { runbooks: '', grafana: '' };

const shown = (rule: Alert | RecordingRule, { runbooks, grafana }: Addresses): object => {
  if ('record' in rule) return rule;
  const { name, expr, severity, labels, summary, description, dashboard } = rule;
  return {
    alert: name,
    expr,
    for: rule.for,
    ...(rule.keepFiringFor && { keep_firing_for: rule.keepFiringFor }),
    labels: { severity, ...labels },
    annotations: {
      summary,
      description,
      runbook_url:
        runbooks === undefined
          ? `${grafana}/d/${uids.runbooks}?viewPanel=${runbookPanel(rule)}`
          : `${runbooks}${runbookPath(rule)}`,
      dashboard_url: `${grafana}/d/${uids[dashboard]}${whenAndWhat(rule)}`,
    },
  };
};

/** The dashboards' variables, and the labels of alerts that choose their values. */
const variables = {
  pipeline: { bridge: 'bridge', source: 'source' },
  vehicles: {},
  broker: { broker: 'target' },
  kafka: { cluster: 'target', topic: 'topic', group: 'group' },
  operator: { namespace: 'namespace', bridge: 'name' },
  runbooks: {},
} as const satisfies Record<keyof typeof uids, Readonly<Record<string, string>>>;

/**
 * Opens the dashboard on when and what the alert is about. A mail is read the next morning, when the page's own five minutes show nothing of it: so
 * the time that is shown ends when the alert was last worked out. A label that an alert lacks chooses nothing: a variable without a value
 * would show nothing at all.
 */
const whenAndWhat = ({ dashboard, looksBack = usualLookBack }: Alert): string =>
  [
    `?from=${milliseconds(`time() - ${looksBack}`)}&to=${milliseconds('time()')}`,
    ...Object.entries(variables[dashboard]).map(
      ([variable, label]) => `{{ with $labels.${label} }}&var-${variable}={{ . | urlquery }}{{ end }}`,
    ),
  ].join('');

const usualLookBack = 3600;

/** A time in seconds as Grafana's links have it. */
const milliseconds = (seconds: string): string =>
  `{{ with query "vector(1000 * (${seconds}))" }}{{ . | first | value | printf "%.0f" }}{{ end }}`;

/** What a rule file holds, and the `spec` of a PrometheusRule as well. */
export const rulesOf = (
  groups: readonly RuleGroup[],
  addresses: Addresses,
): { readonly groups: readonly object[] } => ({
  groups: groups.map(({ name, rules }) => ({ name, rules: rules.map(rule => shown(rule, addresses)) })),
});

const header = '# Made by npm run generate; do not edit.\n';

/** The rule file, YAML. */
export const ruleFile = (addresses = demo, groups = ruleGroups): string =>
  header + stringify(rulesOf(groups, addresses), { lineWidth: 0 });
