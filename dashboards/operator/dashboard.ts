/**
 * Operator: is every bridge as its document says? The first rows answer that; those below show whether the operator does its work, and what
 * keeps it from it.
 */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { NoUnit } from '@grafana/grafana-foundation-sdk/units';
import { dashboard, labelVariable, linkTo, type Row } from '../frame.ts';
import { atLeast, blue, green, grey, noneAllowed, red, stat, timeline, words, yellow } from '../panels.ts';
import { counted } from '../promql.ts';
import { table } from '../tables.ts';
import { uids } from '../uids.ts';
import { leadership, process, queue, reconciles, requests } from './details.ts';
import { answer, condition, operatorJob, orNone, ours } from './promql.ts';
import { mqttUsers } from './users.ts';

const yesOrNo = words({ '-1': ['unknown', grey], '0': ['no', red], '1': ['yes', green] });
/** Of what should not be so. */
const noOrYes = words({ '-1': ['unknown', grey], '0': ['no', green], '1': ['yes', red] });
/** Of what may be so. */
const perhaps = words({ '-1': ['unknown', grey], '0': ['no', green], '1': ['yes', yellow] });
const leaders = words({ '0': ['nobody', red], '1': ['one works', green] });

const verdict: Row = {
  title: 'Is every bridge as its document says?',
  panels: [
    stat({
      title: 'Not ready',
      description: 'Bridges whose condition Ready is not true. The table below names them; kubectl describe says why.',
      unit: NoUnit,
      width: 4,
      thresholds: noneAllowed,
      queries: [{ expr: orNone(`sum(${condition('Ready', 'True')} == bool 0)`), legend: 'not ready' }],
    }),
    stat({
      title: 'Degraded',
      description: 'Bridges of which a part does not work, whether they are ready or not.',
      unit: NoUnit,
      width: 4,
      thresholds: noneAllowed,
      queries: [{ expr: orNone(`sum(${condition('Degraded', 'True')} == bool 1)`), legend: 'degraded' }],
    }),
    stat({
      title: 'Bridges',
      description: 'Resources of the kind MqttKafkaBridge that the operator looks after.',
      unit: NoUnit,
      width: 4,
      thresholds: [{ value: null, color: blue }],
      queries: [{ expr: orNone(`count(${condition('Ready', 'True')})`), legend: 'bridges' }],
    }),
    stat({
      title: 'Operator',
      description:
        'How many operators hold the Lease and work. It must be one, of each installation; during a change it may be none for some seconds.',
      unit: NoUnit,
      width: 4,
      thresholds: [...atLeast(1), { value: 2, color: red }],
      mappings: [leaders],
      queries: [{ expr: `sum by (namespace) (leader_election_master_status{${ours}})`, legend: 'leaders' }],
    }),
    stat({
      title: 'Failed reconciles',
      description:
        'Reconciles that failed in the time shown, and at least in the last hour. A few are no news, for all but those that only a change can fix are retried.',
      unit: NoUnit,
      decimals: 0,
      width: 4,
      thresholds: [
        { value: null, color: green },
        { value: 1e-9, color: yellow },
      ],
      queries: [{ expr: counted(`controller_runtime_reconcile_errors_total{${ours}}`), legend: 'failed' }],
    }),
    stat({
      title: 'Alerts firing',
      description:
        'Alerts about the operator, and about bridges as it sees them, that fire now. No data while Prometheus reaches no operator and none fires yet.',
      unit: NoUnit,
      decimals: 0,
      width: 4,
      thresholds: noneAllowed,
      links: [linkTo(uids.pipeline, 'Pipeline')],
      queries: [
        {
          expr: `count(ALERTS{alertstate="firing",alertname=~"MkbOperator.*|MkbBridgeNotReady|MkbBridgeDegraded|MkbMqttUsersNotReady"}) or 0 * count(up{${ours}} == 1)`,
          legend: 'firing',
        },
      ],
    }),
  ],
};

const bridges: Row = {
  title: 'Bridges',
  panels: [
    table({
      title: 'Every bridge',
      description: 'The conditions of each bridge, as they are now. kubectl describe mkb NAME has the reason of each.',
      unit: NoUnit,
      width: 24,
      queries: [
        { expr: answer('Ready') },
        { expr: answer('Progressing') },
        { expr: answer('Degraded') },
        { expr: answer('RulesValid') },
        { expr: answer('BrokerReady') },
        { expr: answer('KafkaReachable') },
        { expr: answer('MonitoringReady') },
        { expr: answer('Paused') },
      ],
      columns: [
        { from: 'namespace', title: 'Namespace' },
        { from: 'name', title: 'Bridge' },
        { from: '#A', title: 'Ready', mappings: [yesOrNo] },
        { from: '#B', title: 'Progressing', mappings: [perhaps] },
        { from: '#C', title: 'Degraded', mappings: [noOrYes] },
        { from: '#D', title: 'Rules valid', mappings: [yesOrNo] },
        { from: '#E', title: 'Broker ready', mappings: [yesOrNo] },
        { from: '#F', title: 'Kafka reachable', mappings: [yesOrNo] },
        { from: '#G', title: 'Monitoring ready', mappings: [yesOrNo] },
        { from: '#H', title: 'Paused', mappings: [perhaps] },
      ],
    }),
    timeline({
      title: 'Ready',
      description: 'Since when each bridge has been ready or not.',
      unit: NoUnit,
      width: 24,
      height: 6,
      thresholds: atLeast(1),
      mappings: [yesOrNo],
      queries: [{ expr: answer('Ready'), legend: '{{namespace}}/{{name}}' }],
    }),
  ],
};

export const operatorDashboard = (): Dashboard =>
  dashboard({
    uid: uids.operator,
    title: 'Operator',
    description: 'Whether every bridge of the cluster is as its document says, and whether the operator does its work.',
    variables: [
      labelVariable('namespace', 'namespace', 'mkb_operator_bridge_condition', 'Namespace'),
      labelVariable('bridge', 'name', 'mkb_operator_bridge_condition', 'Bridge'),
    ],
    // It looks at a bridge all 5 minutes when nothing changes.
    shows: '30m',
    restartsOf: [operatorJob],
    rows: [verdict, bridges, mqttUsers, reconciles, queue, requests, leadership, process],
  });
