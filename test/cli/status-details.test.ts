import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { detailsText, generationsText } from '../../cli/status-details.ts';
import { type BridgeFacts, factsOf } from '../../cli/status-facts.ts';
import { painter } from '../../cli/status-text.ts';
import { bridgeObject, condition, goodStatus, now, withConditions } from './made-up-bridges.ts';

const details = (facts: BridgeFacts, colour = false): string => detailsText(facts, now, painter(colour));
const lineOf = (facts: BridgeFacts, label: string): string | undefined =>
  new RegExp(`^${label} +(.*)$`, 'm').exec(details(facts))?.[1];

const events = [
  {
    time: '2026-03-01T12:09:00Z',
    type: 'Warning',
    reason: 'NotConnected',
    message: 'A replica is not connected.',
    count: 3,
  },
  {
    time: '2026-03-01T12:00:00Z',
    type: 'Normal',
    reason: 'Created',
    message: 'Created Service a, Service b.',
    count: 1,
  },
];

it('tells everything about one bridge', () => {
  const status = withConditions(
    condition('Ready', 'False', 'PodsNotReady', '1 of 2 Pods are ready.\nOne cannot pull its image.'),
  );
  const facts = { ...factsOf(bridgeObject({ status: { ...status, readyReplicas: 1, updatedReplicas: 1 } })), events };
  expect(details(facts)).toBe(`shop/cars
Ready      False, PodsNotReady
           1 of 2 Pods are ready.
           One cannot pull its image.
Document   generation 1 runs
Replicas   1 of 2 ready; 1 still of the document or image before
Rules      3
Flow       950/s received, 940/s delivered
           12 dead-lettered and 0 dropped since the Pods started
Endpoints  mqtt     mqtt://cars-mqtt.shop.svc:1883
           grafana  http://cars-grafana.shop.svc:3000
Age        10m

Conditions
  Progressing     False  10m  Complete      Everything is as the document says.
  Degraded        False  10m  AsExpected
  KafkaReachable  True   10m  Connected     The bridge is connected to Kafka.
  Ready           False  10m  PodsNotReady  1 of 2 Pods are ready.
                                            One cannot pull its image.

Events
  Warning  3x  60s  NotConnected  A replica is not connected.
  Normal       10m  Created       Created Service a, Service b.
`);
  expect(stripVTControlCharacters(details(facts, true))).toBe(details(facts));
});

describe('the document', () => {
  const text = (generation: number, status: Partial<BridgeFacts['status']>): string =>
    generationsText(factsOf(bridgeObject({ metadata: { generation }, status: { ...goodStatus, ...status } })));
  const invalid = withConditions(condition('Ready', 'False', 'DocumentInvalid'));

  it.each([
    ['generation 7 runs', 7, { observedGeneration: 7, appliedGeneration: 7 }],
    [
      'generation 7 is not valid; what runs is generation 5',
      7,
      { ...invalid, observedGeneration: 7, appliedGeneration: 5 },
    ],
    ['generation 1 is not valid; nothing runs yet', 1, { ...invalid, appliedGeneration: undefined }],
    [
      'generation 7 could not be applied; what runs is generation 6',
      7,
      { observedGeneration: 7, appliedGeneration: 6 },
    ],
    [
      'generation 7 has not been looked at yet; what runs is generation 6',
      7,
      { observedGeneration: 6, appliedGeneration: 6 },
    ],
    [
      'generation 1 has not been looked at yet; nothing runs yet',
      1,
      { observedGeneration: undefined, appliedGeneration: undefined },
    ],
  ])('%s', (expected, generation, status) => {
    expect(text(generation, status as Partial<BridgeFacts['status']>)).toBe(expected);
  });
});

describe('sessions', () => {
  const factsWith = (replicas: number, sessions: number): BridgeFacts =>
    factsOf(bridgeObject({ replicas, status: { ...goodStatus, sessions } }));

  it('are told while those of replicas that were scaled away are drained', () => {
    expect(lineOf(factsWith(2, 5), 'Sessions')).toBe('3 of replicas that were scaled away are being drained');
  });

  it('are told of a bridge that is stopped, for messages wait in them', () => {
    expect(lineOf(factsWith(0, 2), 'Sessions')).toBe('2 kept by the broker until the bridge is started again');
  });

  it('are not told when each replica has its own', () => {
    expect(lineOf(factsWith(2, 2), 'Sessions')).toBeUndefined();
  });
});

it('says so where events cannot be read, and where there are none', () => {
  const facts = factsOf(bridgeObject());
  expect(details(facts)).toMatch(/\nEvents\n {2}cannot be read\n$/);
  expect(details({ ...facts, events: [] })).toMatch(/\nEvents\n {2}none\n$/);
});

it('is complete for a bridge that nobody has looked at', () => {
  const facts = factsOf({ ...bridgeObject({ status: undefined }), spec: {} });
  expect(lineOf(facts, 'Replicas')).toBe('0 of ? ready');
  expect(lineOf(facts, 'Flow')).toBe('not known');
  expect(details(facts)).toContain('Conditions\n  none\n');
});

it('names replicas that run another document, and those that could not take the newest', () => {
  const replicaConfigs = [
    { pod: 'cars-bridge-0', uid: 'a', hash: 7 },
    { pod: 'cars-bridge-1', uid: 'b', hash: 6 },
    { pod: 'cars-bridge-2', uid: 'c', hash: 6, refused: 'mqtt-subscription-refused' },
    { pod: 'cars-bridge-3', uid: 'd' },
  ];
  const facts = factsOf(bridgeObject({ status: { ...goodStatus, configHash: 7, replicaConfigs } }));
  expect(details(facts)).toContain(`
Document   generation 1 runs
           cars-bridge-1 has not taken it yet
           cars-bridge-2 goes on with another one (mqtt-subscription-refused)
Replicas `);
});
