/** MqttUsers, by what becomes of them. The reasons are those of their condition Ready (docs/reference/mqtt-user.md). */
import { NoUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import type { Row } from '../frame.ts';
import { graph, noneAllowed, stat } from '../panels.ts';
import { runbookOf } from '../runbook-link.ts';
import { table } from '../tables.ts';
import { keptOut, orNone, ours, userCount, userReasons } from './promql.ts';

const users = (reasons: string): string => orNone(`sum(${userCount}{${ours},reason=~"${reasons}"})`);

export const mqttUsers: Row = {
  title: 'MqttUsers',
  panels: [
    stat({
      title: 'Not let in',
      description:
        'MqttUsers that their broker does not let in until somebody corrects something. Those that are just on their way are not among them.',
      unit: NoUnit,
      width: 4,
      thresholds: noneAllowed,
      links: [runbookOf('MkbMqttUsersNotReady')],
      queries: [{ expr: orNone(`sum(${userCount}${keptOut})`), legend: 'not let in' }],
    }),
    table({
      title: 'Users, by reason',
      description:
        'The reason of the condition Ready, of all users together. kubectl get mqttusers --all-namespaces has that of each.',
      unit: NoUnit,
      width: 8,
      none: 'no users',
      queries: [{ expr: `sum by (reason) (${userCount}{${ours}}) > 0` }],
      columns: [
        { from: 'reason', title: 'Reason' },
        { from: 'Value', title: 'Users' },
      ],
    }),
    graph({
      title: 'Users',
      description:
        'MqttUsers by what becomes of them. “Not tried” are those of brokers that the operator cannot reach: nobody knows whether they are let in.',
      unit: Short,
      width: 12,
      stacked: true,
      queries: [
        { expr: users(userReasons.letIn), legend: 'let in' },
        { expr: users(userReasons.onTheirWay), legend: 'on their way' },
        { expr: users(userReasons.notTried), legend: 'not tried' },
        { expr: orNone(`sum(${userCount}${keptOut})`), legend: 'not let in' },
      ],
    }),
  ],
};
