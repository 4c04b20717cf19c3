import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AcknowledgementWindow } from '../../../bridge/mqtt/acknowledgements.ts';

/** Packets as text: `PUBACK 7`. */
function named(bytes: Buffer | undefined): string[] {
  const packets: string[] = [];
  for (let at = 0; bytes && at < bytes.length; at += 4) {
    packets.push(`${bytes[at] === 0x50 ? 'PUBREC' : 'PUBACK'} ${bytes.readUInt16BE(at + 2)}`);
  }
  return packets;
}

it('acknowledgements leave in the order of arrival, whatever the order of settling', () => {
  const window = new AcknowledgementWindow(8);
  const [first, second, third] = [window.arrive(70, 1), window.arrive(3, 2), window.arrive(500, 1)];
  window.settle(third);
  expect(window.release()).toBeUndefined();
  window.settle(first);
  expect(named(window.release())).toEqual(['PUBACK 70']);
  window.settle(second);
  expect(named(window.release())).toEqual(['PUBREC 3', 'PUBACK 500']);
  expect(window.release()).toBeUndefined();
});

it('a QoS 0 message takes a place and yields no packet', () => {
  const window = new AcknowledgementWindow(2);
  const quiet = window.arrive(0, 0);
  const loud = window.arrive(9, 1);
  expect(window.full).toBe(true);
  expect(window.unacknowledged).toBe(1);
  window.settle(loud);
  expect(window.release()).toBeUndefined();
  window.settle(quiet);
  expect(named(window.release())).toEqual(['PUBACK 9']);
  expect(window.full).toBe(false);
});

it('a message of a lost connection is never acknowledged, and frees its place when it is settled', () => {
  const window = new AcknowledgementWindow(2);
  const old = window.arrive(5, 1);
  window.disconnect();
  const again = window.arrive(5, 1);
  window.settle(old);
  expect(window.release()).toBeUndefined();
  expect(window.unsettled).toBe(1);
  window.settle(again);
  expect(named(window.release())).toEqual(['PUBACK 5']);
});

it('places of settled messages are free as soon as the connection is lost', () => {
  const window = new AcknowledgementWindow(2);
  window.settle(window.arrive(1, 1));
  window.settle(window.arrive(2, 1));
  window.disconnect();
  expect(window.full).toBe(false);
});

it('settling twice, or after release, does nothing to the message that has the place now', () => {
  const window = new AcknowledgementWindow(1);
  const first = window.arrive(1, 1);
  window.settle(first);
  window.settle(first);
  window.release();
  window.arrive(2, 1);
  window.settle(first);
  expect(window.unsettled).toBe(1);
  expect(window.release()).toBeUndefined();
});

it('a follower is released in its own turn, and not before its first delivery is settled', () => {
  const window = new AcknowledgementWindow(8);
  const first = window.arrive(4, 2);
  window.disconnect();
  const before = window.arrive(1, 1);
  window.follow(4, first);
  const after = window.arrive(2, 1);
  window.settle(before);
  window.settle(after);
  expect(named(window.release())).toEqual([]);
  expect(window.unsettled).toBe(1);
  window.settle(first);
  expect(named(window.release())).toEqual(['PUBACK 1', 'PUBREC 4', 'PUBACK 2']);
});

it('a follower of a connection that was lost too yields nothing', () => {
  const window = new AcknowledgementWindow(8);
  const first = window.arrive(4, 2);
  window.disconnect();
  window.follow(4, first);
  window.disconnect();
  window.settle(first);
  expect(window.release()).toBeUndefined();
  expect(window.unsettled).toBe(0);
});

it('refuses a capacity that is no power of two', () => {
  expect(() => new AcknowledgementWindow(1000)).toThrow(RangeError);
});

type Step =
  | { readonly do: 'arrive'; readonly qos: 0 | 1 | 2 }
  | { readonly do: 'settle'; readonly pick: number }
  | { readonly do: 'release' | 'disconnect' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('arrive' as const), qos: fc.constantFrom(0, 1, 2) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const) }) },
) as fc.Arbitrary<Step>;

/** The rule, said without a ring: a list in the order of arrival, from which settled ones are taken at the front. */
class Model {
  readonly #window: AcknowledgementWindow;
  #list: { arrival: number; packet: string | undefined; settled: boolean }[] = [];
  #packetId = 0;

  constructor(capacity: number) {
    this.#window = new AcknowledgementWindow(capacity);
  }

  run(steps: readonly Step[]): void {
    for (const each of steps) this.#run(each);
  }

  #run(each: Step): void {
    if (each.do === 'arrive') this.#arrive(each.qos);
    else if (each.do === 'settle') this.#settle(each.pick);
    else if (each.do === 'release') this.#release();
    else this.#disconnect();
    expect(this.#window.unsettled).toBe(this.#list.filter(({ settled }) => !settled).length);
  }

  #arrive(qos: 0 | 1 | 2): void {
    if (this.#window.full) return;
    const packetId = qos === 0 ? 0 : ++this.#packetId;
    const packet = qos === 0 ? undefined : `${qos === 2 ? 'PUBREC' : 'PUBACK'} ${packetId}`;
    this.#list.push({ arrival: this.#window.arrive(packetId, qos), packet, settled: false });
  }

  #settle(pick: number): void {
    const entry = this.#list[pick % (this.#list.length || 1)];
    if (!entry) return;
    entry.settled = true;
    this.#window.settle(entry.arrival);
  }

  #release(): void {
    const prefix = this.#takePrefix();
    expect(named(this.#window.release())).toEqual(prefix.flatMap(({ packet }) => packet ?? []));
  }

  #disconnect(): void {
    this.#window.disconnect();
    this.#takePrefix();
    for (const entry of this.#list) entry.packet = undefined;
  }

  #takePrefix() {
    const unsettled = this.#list.findIndex(({ settled }) => !settled);
    return this.#list.splice(0, unsettled < 0 ? this.#list.length : unsettled);
  }
}

it('never releases early, keeps the order, releases each once: for any order of events', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 4, 16), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
      new Model(capacity).run(steps);
    }),
    { numRuns: 500 },
  );
});
