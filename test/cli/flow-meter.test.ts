import { describe, expect, it } from 'vitest';
import { Account } from '../../bridge/flow/account.ts';
import { type Outcome, outcomeNumber } from '../../bridge/flow/outcome.ts';
import { FlowMeter, flowTotals } from '../../cli/flow-meter.ts';
import { summaryLine } from '../../cli/run-summary.ts';

const settle = (account: Account, outcome: Outcome, count: number, milliseconds?: number): void => {
  account.settled[outcomeNumber[outcome]]! += count;
  if (milliseconds !== undefined) for (let each = 0; each < count; each++) account.histogram.observe(milliseconds);
};
const bridgeOf = (...accounts: Account[]) => ({ sources: accounts.map(account => ({ account })) as never });

it('the last line of a bridge adds up all its sources, with every reason of a drop', () => {
  const [mqtt, kafka] = [new Account(), new Account()];
  mqtt.received = 110;
  settle(mqtt, 'delivered', 90, 3);
  settle(mqtt, 'filtered', 7);
  settle(mqtt, 'rule_failed', 1);
  settle(mqtt, 'dead_lettered', 2);
  kafka.received = 20;
  kafka.returned = 4;
  settle(kafka, 'delivered', 10, 40);
  expect(summaryLine('cars', flowTotals([bridgeOf(mqtt, kafka)]))).toBe(
    'cars: 130 received = 100 delivered + 2 dead-lettered + 8 dropped (7 filtered, 1 rule_failed) + 4 returned to the group + 16 in flight; p50 3.7 ms, p99 48 ms',
  );
});

it('the last line of a bridge that got nothing says so, and no latency', () => {
  expect(summaryLine('cars', flowTotals([bridgeOf()]))).toBe(
    'cars: 0 received = 0 delivered + 0 dead-lettered + 0 dropped + 0 in flight',
  );
});

describe('the live line', () => {
  it('has the rate and latency of the last five seconds, and totals', () => {
    const account = new Account();
    let now = 0;
    const meter = new FlowMeter(
      () => [bridgeOf(account)],
      () => now,
    );
    const second = (count: number, milliseconds: number) => {
      now += 1000;
      account.received += count;
      settle(account, 'delivered', count, milliseconds);
      return meter.sample();
    };
    for (let each = 0; each < 20; each++) second(100, 400);
    for (let each = 0; each < 5; each++) second(10, 1);
    const shown = second(10, 1);
    expect(shown).toMatchObject({ received: 2060, delivered: 2060, inFlight: 0, rates: { delivered: 10 } });
    expect(shown.latency!.p99Ms).toBeLessThanOrEqual(2);
    for (let each = 0; each < 10; each++) second(0, 0);
    expect(meter.sample()).toMatchObject({ rates: { delivered: 0 }, latency: undefined });
  });
});
