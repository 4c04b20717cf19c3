/** The operator's own metrics: how its bridges are. What every controller counts is in runtime/metrics.ts. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Condition } from '../api/schema/status.ts';
import { statusOf } from './reconcile/report.ts';
import { annotations } from './resources/labels.ts';
import type { ResourceKind } from './runtime/kinds.ts';
import type { KubeObject } from './runtime/object.ts';

export interface OperatorMetrics {
  /** An object of this kind that somebody else had changed was set right. */
  corrected(kind: string): void;
  /** A watch has not told of so many changes. */
  missed(kind: ResourceKind, count: number): void;
}

const statuses: readonly Condition['status'][] = ['True', 'False', 'Unknown'];

/** @param bridges those that this process answers for: none while another operator leads, or they would be counted twice */
export function registerOperatorMetrics(registry: Registry, bridges: () => readonly KubeObject[]): OperatorMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[], collect: (metric: Gauge) => void) => {
    const metric: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect: () => {
        metric.reset();
        collect(metric);
      },
    });
  };
  gauge('mkb_operator_bridges', 'Bridges of which a condition has this status.', ['condition', 'status'], metric => {
    for (const { type, status } of bridges().flatMap(conditionsOf)) metric.inc({ condition: type, status });
  });
  gauge(
    'mkb_operator_bridge_condition',
    '1 for the status that a condition of a bridge has, 0 for the others.',
    ['namespace', 'name', 'type', 'status'],
    metric => {
      for (const bridge of bridges()) {
        const { namespace, name } = bridge.metadata;
        for (const { type, status: is } of conditionsOf(bridge)) {
          for (const status of statuses)
            metric.set({ namespace: namespace!, name, type, status }, Number(status === is));
        }
      }
    },
  );
  gauge('mkb_operator_bridge_paused', '1 for a bridge that is paused.', ['namespace', 'name'], metric => {
    for (const { metadata } of bridges()) {
      const paused = metadata.annotations?.[annotations.paused] === 'true';
      metric.set({ namespace: metadata.namespace!, name: metadata.name }, Number(paused));
    }
  });
  const corrections = new Counter({
    name: 'mkb_operator_corrections_total',
    help: 'Objects that somebody else had changed and that were set right.',
    labelNames: ['kind'],
    registers,
  });
  const missed = new Counter({
    name: 'mkb_operator_watch_missed_events_total',
    help: 'Changes that a watch has not told of, found by comparing with the API server.',
    labelNames: ['kind'],
    registers,
  });
  return {
    corrected: kind => corrections.inc({ kind }),
    missed: ({ kind }, count) => missed.inc({ kind }, count),
  };
}

const conditionsOf = (bridge: KubeObject): readonly Condition[] => statusOf(bridge).conditions ?? [];
