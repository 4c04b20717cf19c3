import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Account } from '../../../bridge/flow/account.ts';
import { outcomeNumber } from '../../../bridge/flow/outcome.ts';
import type { BridgeFigures } from '../../../bridge/observe/figures.ts';
import { metricTable, registerMetrics } from '../../../bridge/observe/metrics.ts';

function figures(name: string): BridgeFigures {
  return {
    name,
    account: new Account(),
    rules: [],
    windows: { account: new Account() },
    events: { account: new Account(), forgotten: 0 },
    refusals: [],
    retried: new Map([['kafka-unreachable', 3]]),
    mqttConnected: true,
    mqttConnections: 2,
    kafkaConnected: false,
    heldBack: 3,
    waits: [{ topic: 't', records: 7, seconds: 42.5, reason: 'NOT_ENOUGH_REPLICAS' }],
    receiveMaximum: 1000,
    bufferedBytes: 5,
    bufferLimitBytes: 10,
    pausedSeconds: 1.5,
  };
}

/** Values by series, as Prometheus would read them. */
async function scrape(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter(line => line.startsWith('mkb_'));
  return new Map(
    lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

test('at each scrape received is the sum of all outcomes and what is in flight', async () => {
  const bridge = figures('b');
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  for (let arrival = 0; arrival < 20; arrival++) {
    bridge.account.received++;
    if (arrival % 4 < 3) bridge.account.settled[arrival % 4]!++;
    const values = await scrape(registry);
    const sum = [...values].filter(([series]) =>
      /^mkb_messages_((delivered|dead_lettered|dropped)_total|in_flight)/.test(series),
    );
    expect(sum.reduce((total, [, value]) => total + value, 0)).toBe(
      values.get('mkb_messages_received_total{bridge="b"}'),
    );
  }
});

test('several bridges share the metrics and differ by their label', async () => {
  const [a, b] = [figures('a'), figures('b')];
  const registry = new Registry();
  registerMetrics(registry, () => [a, b]);
  b.account.received++;
  b.account.settled[outcomeNumber.delivered]!++;
  const values = await scrape(registry);
  expect(values.get('mkb_messages_delivered_total{bridge="a"}')).toBe(0);
  expect(values.get('mkb_messages_delivered_total{bridge="b"}')).toBe(1);
  expect(values.get('mkb_retried_errors_total{bridge="a",reason="kafka-unreachable"}')).toBe(3);
});

test('the histogram is cumulative, as Prometheus wants it', async () => {
  const bridge = figures('b');
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  for (const milliseconds of [1, 4, 4, 700]) bridge.account.histogram.observe(milliseconds);
  const values = await scrape(registry);
  const bucket = (le: string) => values.get(`mkb_delivery_seconds_bucket{bridge="b",le="${le}"}`);
  expect([bucket('0.002'), bucket('0.005'), bucket('0.5'), bucket('1'), bucket('+Inf')]).toEqual([1, 3, 3, 4, 4]);
  expect(values.get('mkb_delivery_seconds_count{bridge="b"}')).toBe(4);
  expect(values.get('mkb_delivery_seconds_sum{bridge="b"}')).toBeCloseTo(0.709);
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
