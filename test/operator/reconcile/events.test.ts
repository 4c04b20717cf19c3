import { describe, expect, it } from 'vitest';
import type { Condition } from '../../../api/schema/status.ts';
import { kinds } from '../../../operator/kinds.ts';
import type { Deed } from '../../../operator/reconcile/apply-all.ts';
import { conditionEvents, deedEvents } from '../../../operator/reconcile/events.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';

const statefulSet = (replicas: number, image: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'cars-bridge' },
  spec: { replicas, template: { spec: { containers: [{ image }] } } },
});

const deed = (more: Partial<Deed>): Deed => ({
  outcome: 'updated',
  kind: kinds.statefulSet,
  before: undefined,
  object: statefulSet(1, 'a'),
  corrected: [],
  taken: [],
  ...more,
});

const told = (...deeds: Partial<Deed>[]) =>
  deedEvents(deeds.map(deed)).map(({ reason, message }) => `${reason}: ${message}`);

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: 'why',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

describe('events of deeds', () => {
  it('are one for everything that was created', () => {
    const service = { ...statefulSet(1, 'a'), kind: 'Service' };
    expect(told({ outcome: 'created' }, { outcome: 'created', object: service })).toEqual([
      'Created: Created StatefulSet cars-bridge, Service cars-bridge.',
    ]);
  });

  it('are none for what was right', () => {
    expect(told({ outcome: 'unchanged' })).toEqual([]);
  });

  it('name the fields that were corrected and who had set them', () => {
    const taken = [{ manager: 'kubectl-edit', field: '.spec.replicas' }];
    expect(told({ outcome: 'corrected', corrected: ['.spec.replicas'], taken })).toEqual([
      'Corrected: Corrected StatefulSet cars-bridge: .spec.replicas, which kubectl-edit had set.',
    ]);
  });

  it('tell of scaling and of rolling, each with from what to what', () => {
    expect(told({ before: statefulSet(3, 'a') })).toEqual([
      'Scaled: Scaled StatefulSet cars-bridge from 3 to 1 replicas.',
    ]);
    expect(told({ before: statefulSet(1, 'b') })).toEqual([
      'Rolled: The Pods of StatefulSet cars-bridge are replaced: the image changes from b to a.',
    ]);
  });
});

describe('events of conditions', () => {
  const bad = condition('Degraded', 'True', 'RulesInvalid');
  const good = condition('Degraded', 'False', 'AsExpected');

  it('tell bad news once, and that it is over', () => {
    expect(conditionEvents([good], [bad])).toMatchObject([{ type: 'Warning', reason: 'RulesInvalid' }]);
    expect(conditionEvents([bad], [bad])).toEqual([]);
    expect(conditionEvents([bad], [good])).toMatchObject([{ type: 'Normal', reason: 'Healed' }]);
  });

  it('tell nothing of a beginning that is good', () => {
    expect(conditionEvents([], [good, condition('Paused', 'False', 'NotPaused')])).toEqual([]);
  });

  it('tell of a pause and of its end', () => {
    const paused = condition('Paused', 'True', 'Annotation');
    const resumed = condition('Paused', 'False', 'NotPaused');
    expect(conditionEvents([resumed], [paused])).toMatchObject([{ reason: 'Paused' }]);
    expect(conditionEvents([paused], [resumed])).toMatchObject([{ reason: 'Resumed' }]);
  });
});
