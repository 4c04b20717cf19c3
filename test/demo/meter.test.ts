import { describe, expect, test } from 'vitest';
import { Account } from '../../bridge/flow/account.ts';
import { outcomeNumber } from '../../bridge/flow/outcome.ts';
import { lostOf, Meter, type Totals } from '../../demo/meter.ts';

const nothing: Totals = {
  published: 0,
  acknowledged: 0,
  received: 0,
  passed: 0,
  delivered: 0,
  deadLettered: 0,
  dropped: 0,
  filtered: 0,
  inFlight: 0,
  inKafka: 0,
};
const all = { ...nothing, published: 9, acknowledged: 9, received: 9, passed: 9, delivered: 9, inKafka: 9 };

describe('lost is', () => {
  test.each([
    ['nothing when all that was published is in Kafka', {}, 0],
    ['what MQTT acknowledged and the bridge never received', { received: 7, delivered: 7, inKafka: 7 }, 2],
    ['what the bridge received and did not deliver', { delivered: 6, inKafka: 6, dropped: 3 }, 3],
    ['what was delivered and is not in Kafka', { inKafka: 8 }, 1],
    ['not what a rule leaves out', { delivered: 5, inKafka: 5, dropped: 4, filtered: 4 }, 0],
    ['not what MQTT never acknowledged', { published: 12 }, 0],
    ['not changed by what others publish', { received: 20, delivered: 20, inKafka: 20 }, 0],
  ])('%s', (_, change: Partial<Totals>, lost) => {
    expect(lostOf({ ...all, ...change })).toBe(lost);
  });
});

/** A bridge and vehicles that do what the test says, and a clock that it holds. */
const situation = () => {
  const account = new Account();
  const counters = { published: 0, acknowledged: 0 };
  let [nowMs, inKafka] = [0, 0];
  const meter = new Meter(
    {
      fleet: { size: 2, connected: 2, counters },
      bridge: { account, rules: [] },
      recordsInKafka: () => inKafka,
    },
    () => nowMs,
  );
  /** So many messages go the whole way, each in so many milliseconds. */
  const deliver = (count: number, latencyMs: number): void => {
    for (let i = 0; i < count; i++) {
      account.received++;
      account.settled[outcomeNumber.delivered]!++;
      account.histogram.observe(latencyMs);
    }
    counters.published += count;
    counters.acknowledged += count;
    inKafka += count;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { meter, deliver, pass };
};

describe('figures', () => {
  test('give rates over the last five seconds', () => {
    const { meter, deliver, pass } = situation();
    for (let second = 0; second < 20; second++) {
      deliver(second < 10 ? 100 : 10, 1);
      pass(1000);
      meter.sample();
    }
    expect(meter.sample().rates).toMatchObject({ published: 10, received: 10, delivered: 10 });
  });

  test('give the latency of the last ten seconds, and of the whole run apart from it', () => {
    const { meter, deliver, pass } = situation();
    deliver(1000, 3000);
    for (let second = 0; second < 12; second++) {
      pass(1000);
      deliver(1, 1);
      meter.sample();
    }
    expect(meter.sample().latency!.p99Ms).toBeLessThan(2);
    expect(meter.wholeLatency()!.p50Ms).toBeGreaterThan(2500);
  });

  test('have no latency before the first delivery', () => {
    expect(situation().meter.sample().latency).toBeUndefined();
  });

  test('account for every message', () => {
    const { meter, deliver } = situation();
    deliver(3, 1);
    expect(meter.sample()).toMatchObject({
      published: 3,
      acknowledged: 3,
      received: 3,
      delivered: 3,
      deadLettered: 0,
      dropped: 0,
      inFlight: 0,
      inKafka: 3,
    });
  });
});
