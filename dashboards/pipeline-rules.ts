/** The rows of Pipeline about rules: what passes through them, and what they remember. */
import { MessagesPerSecond, NoUnit, PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import type { Row } from './frame.ts';
import { each, graph, noneAllowed, rising } from './panels.ts';
import { chosenBridge as chosen, perSecond } from './promql.ts';
import { table } from './tables.ts';

const byRule = (counter: string, by = 'bridge, rule'): string => perSecond(counter, by, chosen);

export const rules: Row = {
  title: 'Rules',
  folded: true,
  panels: [
    graph({
      title: 'Passed, by rule',
      description: 'Messages per second of which a rule made a row.',
      unit: MessagesPerSecond,
      width: 8,
      queries: [{ expr: byRule('mkb_rule_passed_total'), legend: '{{bridge}} {{rule}}' }],
    }),
    graph({
      title: 'Failed, by rule',
      description:
        'Messages per second for which a rule’s SQL could not be worked out: they are dead-lettered, or dropped if the document says so.',
      unit: MessagesPerSecond,
      width: 8,
      queries: [{ expr: byRule('mkb_rule_failed_total'), legend: '{{bridge}} {{rule}}' }],
    }),
    graph({
      title: 'Written without their key',
      description:
        'Records per second that a sink wrote without the key that it asks for, or with one that lacks a part, because the message had no value for it: they are spread over partitions, and not in order. The log names the placeholder once.',
      unit: each('records/s'),
      width: 8,
      queries: [
        {
          expr: byRule('mkb_sink_keys_missing_total', 'bridge, rule, sink'),
          legend: '{{bridge}} {{rule}} sink {{sink}}',
        },
      ],
    }),
    graph({
      title: 'Held by a rate limit',
      description:
        'The part of the time in which the rateLimit of a rule, or of a sink of it, let nothing more pass, so that its sources were paused. Only of those that have one.',
      unit: PercentUnit,
      width: 24,
      queries: [
        {
          expr: byRule('mkb_rate_limited_seconds_total', 'bridge, rule, sink'),
          legend: '{{bridge}} {{rule}} {{sink}}',
        },
      ],
    }),
    table({
      title: 'Rules since their bridge started',
      description:
        'Each rule’s messages: matched by topic, passed by WHERE, failed; and the records of its sinks, and how many of these were written without their key.',
      unit: NoUnit,
      width: 24,
      queries: [
        { expr: `sum by (bridge, rule) (mkb_rule_matched_total{${chosen}})` },
        { expr: `sum by (bridge, rule) (mkb_rule_passed_total{${chosen}})` },
        { expr: `sum by (bridge, rule) (mkb_rule_failed_total{${chosen}})` },
        { expr: `sum by (bridge, rule) (mkb_sink_records_delivered_total{${chosen}})` },
        { expr: `sum by (bridge, rule) (mkb_sink_records_failed_total{${chosen}})` },
        { expr: `sum by (bridge, rule) (mkb_sink_keys_missing_total{${chosen}})` },
      ],
      columns: [
        { from: 'bridge', title: 'Bridge' },
        { from: 'rule', title: 'Rule' },
        { from: '#A', title: 'Matched' },
        { from: '#B', title: 'Passed' },
        { from: '#C', title: 'Failed', thresholds: noneAllowed },
        { from: '#D', title: 'Records delivered' },
        { from: '#E', title: 'Records failed', thresholds: noneAllowed },
        { from: '#F', title: 'Without their key', thresholds: noneAllowed },
      ],
    }),
  ],
};

const stateInUse = `max by (bridge, rule) (mkb_rule_state_entries{${chosen}} / mkb_rule_state_limit_entries{${chosen}})`;

/** Folded, as the row above: many bridges have no such rules. */
export const ruleState: Row = {
  title: 'Windows, state and events of rules (only of bridges with such rules)',
  folded: true,
  panels: [
    graph({
      title: 'Rows of windows',
      description: 'Rows per second that the windows of each rule (GROUP BY) gave, and windows whose row failed.',
      unit: each('rows/s'),
      width: 8,
      queries: [
        { expr: byRule('mkb_window_rows_total'), legend: '{{bridge}} {{rule}}' },
        { expr: byRule('mkb_window_rows_failed_total'), legend: '{{bridge}} {{rule}} failed' },
      ],
    }),
    graph({
      title: 'State in use',
      description:
        'What the windows of each rule hold, as a part of state.maxEntries. At 100 % messages that need more fail with rule-state-full.',
      unit: PercentUnit,
      width: 8,
      thresholds: rising(0.7, 0.9),
      queries: [{ expr: stateInUse, legend: '{{bridge}} {{rule}}' }],
    }),
    graph({
      title: 'Forgotten',
      description:
        'Values per second that CHANGED and DEDUP of a rule forgot because their memory was full, and which may be reported once more; and events that no rule got because a thousand others waited.',
      unit: each('values/s'),
      width: 8,
      queries: [
        { expr: byRule('mkb_rule_forgotten_values_total'), legend: '{{bridge}} {{rule}}' },
        { expr: perSecond('mkb_events_forgotten_total', 'bridge', chosen), legend: '{{bridge}} events' },
      ],
    }),
  ],
};
