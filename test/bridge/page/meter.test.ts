import { describe, expect, test } from 'vitest';
import { Account } from '../../../bridge/flow/account.ts';
import { DeliveryHistogram } from '../../../bridge/flow/delivery-histogram.ts';
import { outcomeNumber } from '../../../bridge/flow/outcome.ts';
import { Meter } from '../../../bridge/page/meter.ts';

const running = () => {
  const account = new Account();
  const rule = { name: 'r', matched: 0, passed: 0, sinks: [{ latency: new DeliveryHistogram() }] };
  const figures = { sources: [{ name: 'mqtt', account }], rules: [rule] as unknown[] };
  let now = 0;
  const meter = new Meter(figures as unknown as ConstructorParameters<typeof Meter>[0], () => now);
  const pass = (seconds: number, messages: number, ms = 3) => {
    now += seconds * 1000;
    account.received += messages;
    account.settled[outcomeNumber.delivered]! += messages;
    rule.matched += messages;
    for (let i = 0; i < messages; i++) {
      account.histogram.observe(ms);
      rule.sinks[0]!.latency.observe(ms);
    }
    meter.sample();
  };
  return { meter, pass, figures };
};

describe('the meter of a bridge', () => {
  test('gives rates of the last five seconds, of all sources and of each', () => {
    const { meter, pass } = running();
    for (let second = 0; second < 10; second++) pass(1, 40);
    expect(meter.rate('received')).toBe(40);
    expect(meter.rate('delivered mqtt')).toBe(40);
    for (let second = 0; second < 5; second++) pass(1, 0);
    expect(meter.rate('received mqtt')).toBe(0);
    expect(meter.rate('matched r')).toBe(0);
  });

  test('gives the latency of the last ten seconds, and none when nothing was delivered', () => {
    const { meter, pass } = running();
    pass(1, 100, 3);
    expect(meter.latency('all')!.p50Ms).toBeLessThan(5);
    expect(meter.latency('rule r')!.p99Ms).toBeLessThan(5);
    for (let second = 0; second < 12; second++) pass(1, 0);
    expect(meter.latency('all')).toBeUndefined();
    expect(meter.latency('rule gone')).toBeUndefined();
  });

  // A rule that a reload brought counted all that the rule before it had seen as if it came in these seconds.
  test('gives no rate for a rule that has just come', () => {
    const { meter, pass, figures } = running();
    pass(1, 10);
    figures.rules.push({ name: 'new', matched: 5000, passed: 5000, sinks: [] });
    pass(1, 10);
    expect(meter.rate('matched new')).toBe(0);
  });

  test('remembers five minutes and no more', () => {
    const { meter, pass } = running();
    for (let second = 0; second < 400; second++) pass(1, 1);
    expect(meter.history).toHaveLength(300);
  });
});
