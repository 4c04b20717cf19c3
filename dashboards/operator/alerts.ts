/**
 * Alerts about the operator, and about bridges as it sees them. They are a rule file of their own, which only an installation of the operator
 * brings: where there is none, `absent` would fire for ever.
 *
 * None of them is critical. What runs in the cluster does not depend on the operator, and a bridge that moves no messages has critical
 * alerts of its own; here an alert says what is not as its document says.
 */
import type { Alert } from '../alerts/alert.ts';
import { keptOut, lately, ofLeader, ours, userCount } from './promql.ts';

const notPaused = 'unless on (namespace, name) (max by (namespace, name) (mkb_operator_bridge_paused) == 1)';

export const bridgeStateAlerts: readonly Alert[] = [
  {
    name: 'MkbBridgeNotReady',
    expr: `${lately('Ready')} == 0 ${notPaused}`,
    for: '15m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'Bridge {{ $labels.namespace }}/{{ $labels.name }} is not what its document asks for.',
    description:
      'Its condition Ready has not been true for 15 minutes, and says why. An earlier document may run all the same.',
  },
  {
    name: 'MkbBridgeDegraded',
    expr: `${lately('Degraded')} == 1 and ${lately('Ready')} == 1 ${notPaused}`,
    for: '15m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'Bridge {{ $labels.namespace }}/{{ $labels.name }} works, and something of it does not.',
    description:
      'Its condition Degraded has been true for 15 minutes, and says why: a part such as its monitoring does not run, or sessions with messages in them could not be drained.',
  },
];

/** By operator: the sum over everything else that tells series apart. */
const by = 'by (job, namespace)';

const keysWait = [
  `sum by (job, instance) (workqueue_depth{${ours}}) > 0`,
  `and sum by (job, instance) (increase(workqueue_work_duration_seconds_count{${ours}}[5m])) == 0`,
].join(' ');

/** A reconcile has to end after 2 minutes. */
const oneIsLong = `max by (job, instance) (workqueue_longest_running_processor_seconds{${ours}}) > 300`;

export const operatorAlerts: readonly Alert[] = [
  {
    name: 'MkbOperatorDown',
    expr: `max ${by} (up{${ours}}) == 0 or absent(up{${ours}})`,
    for: '5m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'No operator runs, or Prometheus reaches none.',
    description:
      'For 5 minutes Prometheus has got no metrics of any operator (job {{ $labels.job }}). Bridges go on as they are; nothing heals, scales or changes them.',
  },
  {
    name: 'MkbOperatorNotLeading',
    expr: `max ${by} (leader_election_master_status{${ours}}) == 0`,
    for: '5m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'Operators run, and none of them works.',
    description:
      'For 5 minutes none has held the Lease. Bridges go on as they are; nothing heals, scales or changes them.',
  },
  {
    name: 'MkbOperatorQueueStuck',
    expr: `${ofLeader(`(${keysWait})`)} or ${oneIsLong}`,
    for: '5m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'The operator {{ $labels.instance }} does not get on with its work.',
    description:
      'Bridges wait and none has been looked at for 5 minutes, or one look has gone on for longer although its time limit is 2 minutes.',
  },
  {
    name: 'MkbOperatorReconcileErrors',
    // One bridge that fails again and again does so every 5 minutes at last; a conflict now and then is no news.
    expr: `sum ${by} (increase(controller_runtime_reconcile_errors_total{${ours}}[20m])) > 2`,
    for: '15m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'The operator fails to set bridges right, again and again.',
    description: 'About {{ $value | printf "%.0f" }} reconciles have failed in 20 minutes. It goes on trying.',
  },
  {
    name: 'MkbOperatorWatchEventsMissed',
    expr: `sum by (job, kind) (increase(mkb_operator_watch_missed_events_total{${ours}}[1h])) > 0`,
    for: '0m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'Changes of objects of the kind {{ $labels.kind }} do not reach the operator.',
    description:
      'The API server had about {{ $value | printf "%.0f" }} changes in an hour that no watch has reported. They were found by comparing, and have been dealt with, but late.',
  },
  {
    name: 'MkbOperatorFights',
    expr: ['corrections', 'restorations']
      .map(what => `sum by (job, kind) (increase(mkb_operator_${what}_total{${ours}}[15m])) > 10`)
      .join(' or '),
    for: '15m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'Somebody undoes what the operator does to objects of the kind {{ $labels.kind }}, again and again.',
    description:
      'About {{ $value | printf "%.0f" }} of them were set right, or made again, in 15 minutes, and it does not end. Each round may restart Pods.',
  },
  {
    name: 'MkbMqttUsersNotReady',
    // Another operator that takes over says it again: the larger of both, and not their sum.
    expr: `max by (job, reason) (last_over_time(${userCount}${keptOut}[2m])) > 0`,
    for: '15m',
    severity: 'warning',
    dashboard: 'operator',
    summary: 'MqttUsers are not let in by their brokers: {{ $labels.reason }}.',
    description:
      '{{ $value | printf "%.0f" }} have had this reason for 15 minutes, and their devices cannot connect. The condition Ready of each says more.',
  },
];
