import { expect, it } from 'vitest';
import { StatusChanges } from '../../cli/status-changes.ts';
import { factsOf } from '../../cli/status-facts.ts';
import { bridgeObject, goodStatus } from './made-up-bridges.ts';

const cars = factsOf(bridgeObject());
const trucks = factsOf(bridgeObject({ metadata: { name: 'trucks' } }));

it('tells all bridges at first, and then only those that are not as they were', () => {
  const changes = new StatusChanges();
  expect(changes.since([cars, trucks])).toEqual([cars, trucks]);
  expect(changes.since([cars, trucks])).toEqual([]);
  const fewer = { ...trucks, status: { ...goodStatus, readyReplicas: 1 } };
  expect(changes.since([cars, fewer])).toEqual([fewer]);
});

it('tells once that a bridge is gone, and again when there is one of its name', () => {
  const changes = new StatusChanges();
  changes.since([cars]);
  expect(changes.since([])).toMatchObject([{ name: 'cars', ready: false, reason: 'Deleted' }]);
  expect(changes.since([])).toEqual([]);
  expect(changes.since([cars])).toEqual([cars]);
});

it('does not tell a bridge again for an event alone', () => {
  const changes = new StatusChanges();
  changes.since([{ ...cars, events: [] }]);
  const event = { time: '2026-03-01T12:09:00Z', type: 'Normal', reason: 'Created', message: '', count: 1 };
  expect(changes.since([{ ...cars, events: [event] }])).toEqual([]);
});
