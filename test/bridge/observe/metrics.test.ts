import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Account } from '../../../bridge/flow/account.ts';
import { outcomeNumber } from '../../../bridge/flow/outcome.ts';
import type { BridgeFigures } from '../../../bridge/observe/figures.ts';
import { metricTable, registerMetrics } from '../../../bridge/observe/metrics.ts';
import { Metrics } from '../../support/metrics.ts';

const sourceNames = ['mqtt', 'kafka', 'events', 'windows'] as const;

function figures(name: string): BridgeFigures {
  return {
    name,
    sources: sourceNames.map(source => ({
      name: source,
      account: new Account(),
      pausedSeconds: source === 'kafka' ? 1.5 : 0,
      oldestSeconds: source === 'mqtt' ? 61 : 0,
      standstill: undefined,
    })),
    rules: [],
    config: { hash: 7, refusal: undefined, takenAt: 1_764_000_000 },
    tap: { watchers: 1, missed: 20 },
    events: { forgotten: 0 },
    refusals: [],
    retried: new Map([['kafka-unreachable', 3]]),
    mqttConnected: true,
    mqttConnections: 2,
    kafkaConnected: false,
    window: { unacknowledged: 8, heldBack: 3 },
    topicsMade: 4,
    namedTopics: ['t', 'calm'],
    waits: [{ topic: 't', records: 7, seconds: 42.5, reason: 'NOT_ENOUGH_REPLICAS' }],
    receiveMaximum: 1000,
    bufferedBytes: 5,
    bufferLimitBytes: 10,
  };
}

/** Values by series, as Prometheus would read them. */
async function scrape(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter(line => line.startsWith('mkb_'));
  return new Map(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

const accountOf = (bridge: BridgeFigures, source: string): Account =>
  bridge.sources.find(({ name }) => name === source)!.account;

test.each(sourceNames)('at each scrape received of %s is the sum of all outcomes and what is in flight', async name => {
  const bridge = figures('b');
  const account = accountOf(bridge, name);
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  for (let arrival = 0; arrival < 20; arrival++) {
    account.received++;
    if (arrival % 5 < 3) account.settled[arrival % 5]!++;
    if (arrival % 5 === 3) account.returned++;
    const metrics = new Metrics(await registry.metrics());
    expect(metrics.sum('mkb_messages_received_total', name)).toBe(arrival + 1);
    expect(metrics.unbalanced).toEqual([]);
  }
});

test('an account that does not add up is found', async () => {
  const bridge = figures('b');
  accountOf(bridge, 'kafka').settled[outcomeNumber.delivered] = Number.NaN;
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  expect(new Metrics(await registry.metrics()).unbalanced).toHaveLength(1);
});

test('each source says for how long it was paused, and since when its oldest message is in flight', async () => {
  const registry = new Registry();
  registerMetrics(registry, () => [figures('b')]);
  const values = await scrape(registry);
  const of = (metric: string) => sourceNames.map(source => values.get(`mkb_${metric}{bridge="b",source="${source}"}`));
  expect(of('paused_seconds_total')).toEqual([0, 1.5, 0, 0]);
  expect(of('oldest_in_flight_seconds')).toEqual([61, 0, 0, 0]);
});

// While all was well there was no series, so a dashboard showed nothing and an alert could not be tried.
test('a topic that the document names is there while nothing waits for it', async () => {
  const registry = new Registry();
  registerMetrics(registry, () => [figures('b')]);
  const values = await scrape(registry);
  expect(values.get('mkb_topic_waiting_seconds{bridge="b",topic="t"}')).toBe(42.5);
  expect(values.get('mkb_topic_waiting_seconds{bridge="b",topic="calm"}')).toBe(0);
});

test('several bridges share the metrics and differ by their label', async () => {
  const [a, b] = [figures('a'), figures('b')];
  const registry = new Registry();
  registerMetrics(registry, () => [a, b]);
  accountOf(b, 'kafka').received++;
  accountOf(b, 'kafka').settled[outcomeNumber.delivered]!++;
  const values = await scrape(registry);
  expect(values.get('mkb_messages_delivered_total{bridge="a",source="kafka"}')).toBe(0);
  expect(values.get('mkb_messages_delivered_total{bridge="b",source="kafka"}')).toBe(1);
  expect(values.get('mkb_retried_errors_total{bridge="a",reason="kafka-unreachable"}')).toBe(3);
});

test('the histogram is cumulative, as Prometheus wants it', async () => {
  const bridge = figures('b');
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  for (const milliseconds of [1, 4, 4, 700]) accountOf(bridge, 'mqtt').histogram.observe(milliseconds);
  const values = await scrape(registry);
  const bucket = (le: string) => values.get(`mkb_delivery_seconds_bucket{bridge="b",source="mqtt",le="${le}"}`);
  expect([bucket('0.002'), bucket('0.005'), bucket('0.5'), bucket('1'), bucket('+Inf')]).toEqual([1, 3, 3, 4, 4]);
  expect(values.get('mkb_delivery_seconds_count{bridge="b",source="mqtt"}')).toBe(4);
  expect(values.get('mkb_delivery_seconds_sum{bridge="b",source="mqtt"}')).toBeCloseTo(0.709);
});

test('a scrape repeated without traffic gives the same values', async () => {
  const bridge = figures('b');
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  expect(await scrape(registry)).toEqual(await scrape(registry));
});

test('every metric is named and explained once', () => {
  const names = metricTable.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type, help } of metricTable) {
    expect(name).toMatch(type === 'counter' ? /^mkb_.*_total$/ : /^mkb_(?!.*_total$)/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
  }
});
