/**
 * The operator's own metrics: how its bridges are, what it has set right, and whether its watches report everything. What every controller
 * counts is in runtime/metrics.ts.
 *
 * How bridges are is read off their status when Prometheus asks, so a bridge that is gone has no series. Of several operators only the one
 * that works reports it. The others see the same status; but then a sum would count each bridge twice, and nobody could tell by it
 * whether anybody works.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Condition } from '../api/schema/status.ts';
import { kinds, optionalKinds, ownedKinds } from './kinds.ts';
import { conditionTypes } from './reconcile/answer.ts';
import { statusOf } from './reconcile/report.ts';
import { annotations } from './resources/labels.ts';
import type { ResourceKind } from './runtime/kinds.ts';
import type { KubeObject } from './runtime/object.ts';

export interface OperatorMetrics {
  /** An object of this kind that somebody else had changed was set right. */
  corrected(kind: string): void;
  /** An object of this kind that somebody else had deleted was made again. */
  restored(kind: string): void;
  /** All objects of a kind were read: at the start, or because the API server has forgotten where the watch was. */
  listed(kind: ResourceKind): void;
  /** A watch has missed so many changes. */
  missed(kind: ResourceKind, count: number): void;
}

/** @param bridges those that this process answers for; undefined while it does not work, because another leads or it has just started */
export function registerOperatorMetrics(
  registry: Registry,
  bridges: () => readonly KubeObject[] | undefined,
): OperatorMetrics {
  registerConditions(registry, bridges);
  sampled(registry, 'mkb_operator_bridge_paused', '1 for a bridge that is paused.', ['namespace', 'name'], metric => {
    for (const { metadata } of bridges() ?? []) {
      const paused = metadata.annotations?.[annotations.paused] === 'true';
      metric.set({ namespace: metadata.namespace!, name: metadata.name }, Number(paused));
    }
  });
  const applied = [...ownedKinds, ...optionalKinds];
  const watched = [kinds.bridge, kinds.pod, ...applied];
  const corrections = counter(
    registry,
    'mkb_operator_corrections_total',
    'Objects that somebody else had changed and that were set right.',
    applied,
  );
  const restorations = counter(
    registry,
    'mkb_operator_restorations_total',
    'Objects that somebody else had deleted and that were made again.',
    applied,
  );
  const lists = counter(
    registry,
    'mkb_operator_watch_lists_total',
    'Times that all objects of a kind were read: once for each namespace it works in (or for all of them together), and again whenever the API server had forgotten where the watch was.',
    watched,
  );
  const missed = counter(
    registry,
    'mkb_operator_watch_missed_events_total',
    'Changes that a watch has not reported, found by comparing with the API server.',
    watched,
  );
  return {
    corrected: kind => corrections.inc({ kind }),
    restored: kind => restorations.inc({ kind }),
    listed: ({ kind }) => lists.inc({ kind }),
    missed: ({ kind }, count) => missed.inc({ kind }, count),
  };
}

const statuses: readonly Condition['status'][] = ['True', 'False', 'Unknown'];

/** For every bridge every condition with all three answers, whether the bridge has it yet or not, so that no query finds nothing. */
function registerConditions(registry: Registry, bridges: () => readonly KubeObject[] | undefined): void {
  sampled(
    registry,
    'mkb_operator_bridges',
    'Bridges of which a condition has this status. Those of one condition are together all bridges.',
    ['condition', 'status'],
    metric => {
      const all = bridges();
      if (all === undefined) return;
      for (const condition of conditionTypes) {
        for (const status of statuses) metric.set({ condition, status }, 0);
        for (const bridge of all) metric.inc({ condition, status: statusIn(bridge, condition) });
      }
    },
  );
  sampled(
    registry,
    'mkb_operator_bridge_condition',
    '1 for the status that a condition of a bridge has, 0 for the others. One that it does not have yet is Unknown.',
    ['namespace', 'name', 'type', 'status'],
    metric => {
      for (const bridge of bridges() ?? []) {
        const { namespace, name } = bridge.metadata;
        for (const type of conditionTypes) {
          const is = statusIn(bridge, type);
          for (const status of statuses) {
            metric.set({ namespace: namespace!, name, type, status }, Number(status === is));
          }
        }
      }
    },
  );
}

/** That a condition is not there means that it is not known [Kubernetes API conventions: conditions]. */
const statusIn = (bridge: KubeObject, type: string): Condition['status'] =>
  statusOf(bridge).conditions?.find(condition => condition.type === type)?.status ?? 'Unknown';

/** A gauge whose series are made again at each scrape. */
function sampled(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  sample: (metric: Gauge) => void,
): void {
  const metric: Gauge = new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect: () => {
      metric.reset();
      sample(metric);
    },
  });
}

/** A counter by kind, with 0 for each: of a series that begins with 1, Prometheus cannot tell that it has grown. */
function counter(registry: Registry, name: string, help: string, of: readonly ResourceKind[]): Counter {
  const metric = new Counter({ name, help, labelNames: ['kind'], registers: [registry] });
  for (const { kind } of of) metric.inc({ kind }, 0);
  return metric;
}
