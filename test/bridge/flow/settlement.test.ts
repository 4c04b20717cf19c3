import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Account } from '../../../bridge/flow/account.ts';
import { outcomeNumber, outcomes } from '../../../bridge/flow/outcome.ts';
import { type Settled, Settlement } from '../../../bridge/flow/settlement.ts';

const { delivered, dead_lettered: deadLettered, rule_failed: ruleFailed } = outcomeNumber;

/** A source that remembers what it was called with. */
class TestSource implements Settled {
  readonly account = new Account();
  readonly settled: number[] = [];
  acknowledged = 0;

  settle(arrival: number): void {
    this.settled.push(arrival);
  }

  acknowledge(): void {
    this.acknowledged++;
  }
}

function setup(slotBits = 3) {
  const source = new TestSource();
  const settlement = new Settlement(slotBits);
  const number = settlement.add(source);
  const begin = (arrival: number) => settlement.begin(number, arrival, 0);
  return { settlement, source, number, begin, settled: source.settled, account: source.account };
}

describe('a message', () => {
  test('is settled when everything made of it has an outcome, not before', () => {
    const { settlement, settled, begin } = setup();
    const slot = begin(0);
    settlement.hold(slot);
    settlement.hold(slot);
    settlement.release(slot, delivered, 1);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([]);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([0]);
  });

  test('is not settled early although more records are made of it than 16 bits count', () => {
    const { settlement, settled, begin } = setup();
    const slot = begin(0);
    const records = 2 ** 16;
    for (let made = 0; made < records; made++) settlement.hold(slot);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([]);
    for (let written = 0; written < records; written++) settlement.release(slot, delivered, 1);
    expect(settled).toEqual([0]);
  });

  test('has the worst of its outcomes, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(outcomes.length - 1), { minLength: 1, maxLength: 20 }), list => {
        const { settlement, account, begin } = setup();
        const slot = begin(0);
        for (const _ of list.slice(1)) settlement.hold(slot);
        for (const outcome of list) settlement.release(slot, outcome, 1);
        expect(account.settled[Math.max(...list)]).toBe(1);
        expect(account.inFlight).toBe(0);
      }),
    );
  });

  test('may be made into more records than 16 bits can count, as an array of a payload may', () => {
    const { settlement, settled, begin } = setup();
    const slot = begin(0);
    for (let record = 0; record < 70_000; record++) settlement.hold(slot);
    for (let record = 0; record < 70_000; record++) settlement.release(slot, delivered, 1);
    expect(settled).toEqual([]);
    settlement.release(slot, delivered, 1);
    expect(settled).toEqual([0]);
  });

  test('leaves nothing of its outcome to the message that gets its slot next', () => {
    // Of one slot.
    const { settlement, account, begin } = setup(0);
    const first = begin(0);
    settlement.release(first, ruleFailed, 1);
    const second = begin(1);
    settlement.release(second, delivered, 1);
    expect([second, account.count('rule_failed'), account.count('delivered')]).toEqual([first, 1, 1]);
  });
});

test('received is always the sum of all outcomes and what is in flight', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(outcomes.length - 1)), { maxLength: 200 }), steps => {
      const { settlement, account, begin } = setup(8);
      const open: number[] = [];
      let arrival = 0;
      for (const [arrives, outcome] of steps) {
        if (arrives || open.length === 0) open.push(begin(arrival++));
        else settlement.release(open.shift()!, outcome, 1);
        const sum = account.settled.reduce((total, count) => total + count, 0);
        expect(account.received).toBe(sum + account.inFlight);
        expect([account.inFlight, settlement.held]).toEqual([open.length, open.length]);
      }
    }),
  );
});

interface Made {
  readonly slot: number;
  readonly source: number;
  readonly arrival: number;
}

/** Two sources, and by a simpler way what should be in flight. */
class Ledger {
  readonly settlement = new Settlement(9);
  readonly #sources = [new TestSource(), new TestSource()];
  readonly #numbers = this.#sources.map(each => this.settlement.add(each));
  /** What has no outcome, several of one message among it. */
  readonly #open: Made[] = [];
  /** Of these messages, the ones that were withdrawn, by slot. */
  readonly #gone = new Set<number>();
  #arrivals = 0;

  readonly steps = {
    begin: (source: number) => {
      const arrival = this.#arrivals++;
      const slot = this.settlement.begin(this.#numbers[source]!, arrival, 0);
      this.#gone.delete(slot);
      this.#open.push({ slot, source, arrival });
    },
    withdraw: (source: number, pick: number) => {
      const isGone = (arrival: number) => arrival % 2 === pick % 2;
      this.settlement.withdraw(this.#numbers[source]!, isGone);
      const gone = this.#open.filter(each => each.source === source && isGone(each.arrival));
      for (const { slot } of gone) this.#gone.add(slot);
    },
    hold: (_source: number, pick: number) => {
      const made = this.#open[pick % this.#open.length];
      if (made === undefined) return;
      this.settlement.hold(made.slot);
      this.#open.push(made);
    },
    release: (_source: number, pick: number, outcome: number) => {
      const [made] = this.#open.splice(pick % (this.#open.length || 1), 1);
      if (made) this.settlement.release(made.slot, outcome, 1);
    },
  };

  check(): void {
    for (const [at, { account, settled }] of this.#sources.entries()) {
      const ours = this.#open.filter(({ source, slot }) => source === at && !this.#gone.has(slot));
      expect(account.inFlight).toBe(new Set(ours.map(({ slot }) => slot)).size);
      expect(account.received).toBe(settled.length + account.returned + account.inFlight);
    }
    expect(this.settlement.held).toBe(new Set(this.#open.map(({ slot }) => slot)).size);
  }
}

test('each source has its own account, whatever is made of its messages, settled and withdrawn in whatever order', () => {
  const step = fc.record({
    what: fc.constantFrom(
      'begin' as const,
      'hold' as const,
      'release' as const,
      'release' as const,
      'withdraw' as const,
    ),
    source: fc.nat(1),
    pick: fc.nat(),
    outcome: fc.nat(outcomes.length - 1),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), list => {
      const ledger = new Ledger();
      for (const { what, source, pick, outcome } of list) {
        ledger.steps[what](source, pick, outcome);
        ledger.check();
      }
    }),
  );
});

test('the histogram counts deliveries only, each in the bucket of its duration', () => {
  const { settlement, account, begin } = setup();
  settlement.release(begin(0), delivered, 7);
  settlement.release(begin(1), deadLettered, 7);
  settlement.release(begin(2), delivered, 120_000);
  settlement.release(begin(3), delivered, 1_800_001);
  expect([...account.histogram.counts]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
  expect(account.histogram.sumSeconds).toBeCloseTo(1920.008);
});

// Thousands got through a second, so no figure showed that one record had waited for an hour.
test('the oldest message of a source is known while it is in flight, whatever came and went since', () => {
  const { settlement, number } = setup();
  const other = settlement.add(new TestSource());
  expect(settlement.oldestOf(number)).toBeUndefined();
  const stuck = settlement.begin(number, 0, 10);
  settlement.begin(other, 0, 5);
  for (let arrival = 1; arrival < 20; arrival++)
    settlement.release(settlement.begin(number, arrival, 10 + arrival), delivered, 40);
  const withdrawn = settlement.begin(number, 20, 2);
  settlement.withdraw(number, arrival => arrival === 20);
  const since = [number, other].map(each => settlement.receivedAt(settlement.oldestOf(each)!));
  expect(since).toEqual([10, 5]);
  settlement.release(withdrawn, delivered, 40);
  settlement.release(stuck, delivered, 40);
  expect(settlement.oldestOf(number)).toBeUndefined();
});

test('what a dead letter must know is remembered until the message is settled', () => {
  const { settlement, number } = setup();
  const slot = settlement.begin(number, 5, 0);
  settlement.note(slot, 'a/b', 2, true);
  expect(settlement.keeps(slot)).toBe(false);
  settlement.keep(slot, 'original', 8);
  expect(settlement.recall(slot)).toEqual({ arrival: 5, topic: 'a/b', qos: 2, retain: true, kept: 'original' });
  settlement.release(slot, delivered, 1);
  expect(settlement.recall(slot).kept).toBeUndefined();
});

describe('a message that waits', () => {
  test('holds its own slot and nothing else: the other 9,999 sources go on for as long as there are messages', () => {
    const settlement = new Settlement(14);
    const sources = Array.from({ length: 10_000 }, () => new TestSource());
    const numbers = sources.map(source => settlement.add(source));
    const [stuck, ...others] = numbers;
    const waiting = settlement.begin(stuck!, 0, 0);
    for (let round = 0; round < 5; round++) {
      const slots = others.map(number => settlement.begin(number, round, 0));
      for (const slot of slots) settlement.release(slot, delivered, 1);
      settlement.acknowledge();
    }
    expect(others.every(number => sources[number]!.account.count('delivered') === 5)).toBe(true);
    expect(sources.every(({ acknowledged }, at) => acknowledged === (at === 0 ? 0 : 5))).toBe(true);
    settlement.release(waiting, delivered, 1);
    expect([sources[0]!.settled, settlement.held]).toEqual([[0], 0]);
  });

  test('is one of three quarters of what a token can number; then the settlement is full, and has room again when one is settled', () => {
    const { settlement, begin } = setup(11);
    const slots = Array.from({ length: 1536 }, (_, arrival) => begin(arrival));
    expect([settlement.full, new Set(slots).size]).toEqual([true, 1536]);
    expect(() => begin(0)).toThrow(RangeError);
    settlement.release(slots[77]!, delivered, 1);
    expect(settlement.full).toBe(false);
    expect(slots.toSpliced(77, 1)).not.toContain(begin(0));
  });

  test('is passed over, and the others are neighbours in memory in whatever order the ones before them were settled', () => {
    const { settlement, begin } = setup(10);
    const stuck = begin(0);
    for (let round = 0; round < 5; round++) {
      const slots = Array.from({ length: 700 }, (_, arrival) => begin(arrival));
      const steps = slots.map((slot, at) => (slot - slots.at(at - 1)! + 1024) % 1024).slice(1);
      expect(steps.every(step => step === 1 || step === 2)).toBe(true);
      expect(slots).not.toContain(stuck);
      for (const lane of [3, 1, 0, 2])
        for (const slot of slots) if (slot % 4 === lane) settlement.release(slot, delivered, 1);
    }
  });
});

describe('a message that is withdrawn', () => {
  test('is counted as returned at once, and is never settled; its slot is free when its last token is back', () => {
    const { settlement, number, account, settled, begin } = setup(1);
    const [gone, stays] = [begin(0), begin(1)];
    settlement.hold(gone);
    settlement.withdraw(number, arrival => arrival === 0);
    expect([account.returned, account.inFlight, settlement.full]).toEqual([1, 1, true]);
    expect([settlement.isWithdrawn(gone), settlement.isWithdrawn(stays)]).toEqual([true, false]);
    settlement.release(gone, delivered, 1);
    expect(settlement.full).toBe(true);
    settlement.release(gone, delivered, 1);
    expect([settlement.full, settled, account.inFlight]).toEqual([false, [], 1]);
    settlement.release(stays, delivered, 1);
    expect([settled, account.count('delivered'), account.received]).toEqual([[1], 1, 2]);
  });

  test('is returned once, and the next message in its slot is a message like others', () => {
    const { settlement, number, account, settled, begin } = setup(1);
    const slot = begin(0);
    settlement.withdraw(number, () => true);
    settlement.withdraw(number, () => true);
    settlement.release(slot, delivered, 1);
    settlement.release(begin(1), delivered, 1);
    expect([account.returned, account.count('delivered'), settled]).toEqual([1, 1, [1]]);
  });
});
