import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSessions, drainedOrdinal, drainsOf, type SessionCount } from '../../../operator/reconcile/sessions.ts';

const count = (more: Partial<SessionCount>) =>
  countSessions({ remembered: 1, wanted: 1, running: 1, shared: true, drains: [], ...more });
const drained = (...ordinals: number[]) =>
  ordinals.map(ordinal => ({ ordinal, state: 'succeeded', job: `cars-drain-${ordinal}`, said: '' }) as const);

const job = (name: string, status: object) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'shop' },
  status,
});

describe('the number of sessions', () => {
  it('stays when replicas are scaled away, until their sessions are drained', () => {
    expect(count({ remembered: 3 })).toBe(3);
    expect(count({ remembered: 3, drains: drained(2) })).toBe(2);
    expect(count({ remembered: 3, drains: drained(2, 1) })).toBe(1);
  });

  // `kubectl scale statefulset` to that number ended the operator, and each that was started after it.
  it.each(['remembered', 'wanted', 'running'] as const)('is bounded, however many are %s', which => {
    expect(count({ [which]: 2_000_000_000 })).toBe(1000);
  });

  it('waits for the highest session although a lower one is drained', () => {
    expect(count({ remembered: 3, drains: drained(1) })).toBe(3);
  });

  it('stays when the bridge is scaled to zero, which is a pause', () => {
    expect(count({ remembered: 3, wanted: 0, running: 0, drains: drained(2) })).toBe(3);
  });

  it('knows of replicas that run although nobody has written their number down', () => {
    expect(count({ remembered: 1, running: 3 })).toBe(3);
    expect(count({ remembered: 3, running: 3, drains: drained(2) })).toBe(3);
  });

  it('is never lower than what is wanted or runs, and never lower than one', () => {
    const whole = fc.nat(5);
    fc.assert(
      fc.property(whole, whole, whole, fc.array(whole), (remembered, wanted, running, ordinals) => {
        const sessions = count({ remembered, wanted, running, drains: drained(...ordinals) });
        expect(sessions).toBeGreaterThanOrEqual(Math.max(wanted, running, 1));
        expect(sessions).toBeLessThanOrEqual(Math.max(remembered, wanted, running, 1));
      }),
    );
  });

  it('is that of the replicas where they share no subscription', () => {
    expect(count({ remembered: 3, shared: false })).toBe(1);
  });
});

describe('drains', () => {
  it('are the Jobs that are named after the bridge, and no others', () => {
    expect(drainedOrdinal('cars', job('cars-drain-12', {}))).toBe(12);
    expect(drainedOrdinal('cars', job('other-cars-drain-1', {}))).toBeUndefined();
    expect(drainedOrdinal('cars', { ...job('cars-drain-1', {}), kind: 'Pod' })).toBeUndefined();
  });

  it('have ended when the Job says so', () => {
    const jobs = [
      job('cars-drain-1', { succeeded: 1 }),
      job('cars-drain-2', { conditions: [{ type: 'Failed', status: 'True' }] }),
      job('cars-drain-3', { failed: 2 }),
    ];
    expect(drainsOf('cars', jobs).map(({ state }) => state)).toEqual(['succeeded', 'failed', 'running']);
  });
});
