/** The lower rows of Operator: what it does, what waits, whom it asks, who leads, and its process. */
import { BytesIEC, NoUnit, RequestsPerSecond, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import type { Row } from '../frame.ts';
import { each, graph, green, grey, type Query, rising, timeline, words } from '../panels.ts';
import { perSecond } from '../promql.ts';
import { ofLeader, orNone, ours, quantile } from './promql.ts';

/** Seconds that a reconcile may take. */
const limit = 120;

const grown = (metric: string, by: string): string => `sum by (${by}) (increase(${metric}{${ours}}[$__rate_interval]))`;

/**
 * The same by kind, only of kinds of which there is something in the time shown; without any, “none” at 0. There are some twenty kinds, whose names
 * would fill the panel although nothing happened to most of them.
 */
const grownByKind = (metric: string, legend: string): Query => {
  const none = `label_replace(0 * count(leader_election_master_status{${ours}}), "kind", "none", "", "")`;
  const some = `sum by (kind) (increase(${metric}{${ours}}[$__range] @ end())) > 0`;
  return {
    expr: `${grown(metric, 'kind')} or ${none}`,
    legend,
    size: { by: 'kind', expr: `${some} or on () ${none}` },
  };
};

const wrong = {
  failed: 'controller_runtime_reconcile_errors_total',
  'not retried': 'controller_runtime_terminal_reconcile_errors_total',
  'out of time': 'controller_runtime_reconcile_timeouts_total',
  'faults of the program': 'controller_runtime_reconcile_panics_total',
  abandoned: 'mkb_operator_reconciles_abandoned_total',
};

export const reconciles: Row = {
  title: 'Reconciles',
  panels: [
    graph({
      title: 'Reconciles, by result',
      description:
        'How often a bridge is looked at and made right. requeue_after is a success as well: it is looked at again later, although nothing may have changed.',
      unit: each('reconciles/s'),
      width: 8,
      stacked: true,
      queries: [{ expr: perSecond('controller_runtime_reconcile_total', 'result', ours), legend: '{{result}}' }],
    }),
    graph({
      title: 'What went wrong',
      description:
        'Reconciles that failed, and of these those that wait for a change, that took more than two minutes, that a fault in the program ended, or that did not heed their limit.',
      unit: Short,
      width: 8,
      bars: true,
      queries: Object.entries(wrong).map(([legend, metric]) => ({ expr: grown(metric, 'job'), legend })),
    }),
    graph({
      title: 'Duration',
      description: 'How long a reconcile takes: the median, and the slowest of 100. Gaps are times without any.',
      unit: Seconds,
      thresholds: rising(10, limit),
      logarithmic: true,
      width: 8,
      queries: [
        { expr: quantile(0.5, 'controller_runtime_reconcile_time_seconds'), legend: 'p50' },
        { expr: quantile(0.99, 'controller_runtime_reconcile_time_seconds'), legend: 'p99' },
      ],
    }),
    graph({
      title: 'Workers',
      description:
        'Workers that work, and how many there are (concurrency). At the limit for long, bridges wait in the queue.',
      unit: Short,
      width: 12,
      queries: [
        { expr: `sum(controller_runtime_active_workers{${ours}})`, legend: 'at work' },
        { expr: `max(controller_runtime_max_concurrent_reconciles{${ours}})`, legend: 'limit' },
      ],
    }),
    graph({
      title: 'Corrected and made again, by kind',
      description:
        'Objects that somebody else had changed and that were set right, and those that somebody had deleted and that were made again. If it does not end, two work against each other: see MkbOperatorFights.',
      unit: Short,
      width: 12,
      bars: true,
      legendRight: true,
      queries: [
        grownByKind('mkb_operator_corrections_total', '{{kind}} corrected'),
        grownByKind('mkb_operator_restorations_total', '{{kind}} made again'),
      ],
    }),
  ],
};

const priorities = { '0': 'something changed', '-100': 'looked at all the same' };

export const queue: Row = {
  title: 'Queue',
  panels: [
    graph({
      title: 'Bridges that wait',
      description:
        'In the queue of the operator that works, by why they are there. What has changed goes before the rest.',
      unit: Short,
      width: 8,
      stacked: true,
      queries: Object.entries(priorities).map(([priority, legend]) => ({
        expr: orNone(`sum(${ofLeader(`workqueue_depth{${ours},priority="${priority}"}`)})`),
        legend,
      })),
    }),
    graph({
      title: 'Wait in the queue',
      description:
        'How long bridges wait before they are looked at. An operator that takes over has had them all in its queue for as long as it waited itself: that peak means nothing.',
      unit: Seconds,
      thresholds: rising(10, 60),
      logarithmic: true,
      width: 8,
      queries: [
        { expr: quantile(0.5, 'workqueue_queue_duration_seconds'), legend: 'p50' },
        { expr: quantile(0.99, 'workqueue_queue_duration_seconds'), legend: 'p99' },
      ],
    }),
    graph({
      title: 'Longest look at a bridge',
      description:
        'How long the reconcile has been going on that was begun first. Above two minutes it does not heed its limit.',
      unit: Seconds,
      thresholds: rising(limit / 4, limit),
      width: 8,
      queries: [
        {
          expr: `max by (instance) (workqueue_longest_running_processor_seconds{${ours}})`,
          legend: '{{instance}}',
        },
      ],
    }),
  ],
};

export const requests: Row = {
  title: 'Requests to the API server',
  panels: [
    graph({
      title: 'Requests, by method and status',
      description:
        'What the operator asks of the API server. At rest it is next to nothing; <error> is no answer at all.',
      unit: RequestsPerSecond,
      width: 12,
      queries: [{ expr: perSecond('rest_client_requests_total', 'method, code', ours), legend: '{{method}} {{code}}' }],
    }),
    graph({
      title: 'Time to answer, p99',
      description:
        'How long the API server takes for the slowest of 100 requests, by method. Gaps are times without any.',
      unit: Seconds,
      thresholds: rising(1, 10),
      logarithmic: true,
      width: 12,
      queries: [{ expr: quantile(0.99, 'rest_client_request_duration_seconds', 'verb'), legend: '{{verb}}' }],
    }),
  ],
};

export const leadership: Row = {
  title: 'Leadership and watches',
  panels: [
    timeline({
      title: 'Who works',
      description: 'Which operator holds the Lease. The others know everything and wait.',
      unit: NoUnit,
      width: 8,
      thresholds: [
        { value: null, color: grey },
        { value: 1, color: green },
      ],
      mappings: [words({ '0': ['waits', grey], '1': ['works', green] })],
      queries: [{ expr: `max by (instance) (leader_election_master_status{${ours}})`, legend: '{{instance}}' }],
    }),
    graph({
      title: 'Changes that no watch has reported',
      description:
        'Found by comparing what is known with the API server now and then, and dealt with. Anything but 0 means that something between the two loses events.',
      unit: Short,
      width: 8,
      bars: true,
      legendRight: true,
      queries: [grownByKind('mkb_operator_watch_missed_events_total', '{{kind}}')],
    }),
    graph({
      title: 'Watches begun again, by kind',
      description:
        'How often all objects of a kind were read, because the API server had forgotten where the watch was. Starts of an operator show as well.',
      unit: Short,
      width: 8,
      bars: true,
      legendRight: true,
      queries: [grownByKind('mkb_operator_watch_lists_total', '{{kind}}')],
    }),
  ],
};

export const process: Row = {
  title: 'The process',
  panels: [
    graph({
      title: 'Processor',
      description: 'Cores in use by each operator. One is the most that it can use.',
      unit: Short,
      width: 8,
      queries: [{ expr: `rate(process_cpu_seconds_total{${ours}}[$__rate_interval])`, legend: '{{instance}}' }],
    }),
    graph({
      title: 'Memory',
      description:
        'Resident memory of each operator. It grows with the number of bridges, Secrets and ConfigMaps, and not with time.',
      unit: BytesIEC,
      width: 8,
      queries: [{ expr: `process_resident_memory_bytes{${ours}}`, legend: '{{instance}}' }],
    }),
    graph({
      title: 'Event loop delay, p99',
      description:
        'How long the process makes its own work wait. Above some seconds it cannot renew the Lease in time, and another takes over.',
      unit: Seconds,
      thresholds: rising(1, 5),
      width: 8,
      queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${ours}}`, legend: '{{instance}}' }],
    }),
  ],
};
