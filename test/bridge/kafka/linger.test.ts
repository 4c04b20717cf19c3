/** Which records wait for others. The producer's clock stands still unless a test moves it, so nothing here depends on time. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Linger } from '../../../bridge/kafka/linger.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { producerFor, type TestProducer } from './support/producing.ts';

const lingerMs = 5;

let kafka: EmbeddedKafka;
let producer: TestProducer;
let clock: number;

beforeEach(async () => {
  clock = 0;
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 2 }], autoCreateTopics: false });
  producer = await producerFor(kafka.bootstrap, { lingerMs, batchBytes: 1000, now: () => clock });
  // From here on the partitions are known, and a record waits.
  const ticking = setInterval(() => {
    clock += lingerMs;
  }, 1);
  await producer.deliver('t', [{ value: 'first', partition: 0 }]);
  clearInterval(ticking);
  producer.producer.sendNow();
});

afterEach(async () => {
  producer.close();
  await kafka.stop();
});

const put = (value: string, partition = 0) => producer.append('t', [{ value, partition }]);
const underWay = () => producer.cluster.broker(1)!.inFlight;

/** A record comes, and no other until its time is over, nor for a while after it. */
async function waitsInVain(): Promise<void> {
  put('alone');
  expect(underWay()).toBe(0);
  clock += lingerMs;
  await producer.outcome();
  clock += lingerMs;
}

describe('a record', () => {
  // Each message of a slow device took five milliseconds longer than it had to.
  test('that others before it have waited for in vain goes at once', async () => {
    await waitsInVain();
    put('next');
    expect(underWay()).toBe(1);
    await producer.outcome();
  });

  // Each message of a steady stream had a request of its own: more CPU here and at the broker, and more garbage.
  test('waits until half of the linger is over since the last request to its broker', async () => {
    await waitsInVain();
    put('next');
    await producer.outcome();
    put('soon');
    expect(underWay()).toBe(0);
    clock += lingerMs / 2;
    await producer.outcome();
  });

  test('waits while a request to its broker is under way, and goes with all that came meanwhile', async () => {
    await waitsInVain();
    const release = Promise.withResolvers<void>();
    const requests = kafka.faults.add({ api: 'Produce', until: release.promise, times: Number.POSITIVE_INFINITY });
    put('a');
    for (const value of ['b', 'c', 'd']) put(value, 1);
    expect(underWay()).toBe(1);
    clock += lingerMs / 2;
    release.resolve();
    await producer.outcome();
    expect(requests.hits).toBe(2);
    expect(kafka.records('t').map(({ value }) => value?.toString())).toEqual(
      expect.arrayContaining(['a', 'b', 'c', 'd']),
    );
  });

  test('waits no longer than the linger for a broker that does not answer', async () => {
    await waitsInVain();
    const release = Promise.withResolvers<void>();
    kafka.faults.add({ api: 'Produce', until: release.promise, times: Number.POSITIVE_INFINITY });
    put('a');
    put('b', 1);
    expect(underWay()).toBe(1);
    clock += lingerMs;
    put('c', 1);
    // The timer that was set when it came looks at the clock.
    while (underWay() < 2) await new Promise(setImmediate);
    release.resolve();
    await producer.outcome();
  });

  test.each([
    ['the source has nothing more to give', () => producer.producer.sendNow()],
    ['a batch became full', () => put('x'.repeat(2000), 1)],
  ])('waits again where %s before the time was over', async (_what, ends) => {
    await waitsInVain();
    ends();
    await producer.outcome();
    put('next');
    expect(underWay()).toBe(0);
    clock += lingerMs;
    await producer.outcome();
  });

  test('waits for nothing once the end is near', async () => {
    producer.producer.flush();
    put('last');
    expect(underWay()).toBe(1);
    await producer.outcome();
  });
});

describe('waiting', () => {
  const idle = { inFlight: 0, sentAt: 90 };
  const busy = { inFlight: 1, sentAt: 90 };

  test('goes on where much comes in that time', () => {
    const linger = new Linger({ lingerMs: 5 });
    const due = () => linger.dueAt(100, idle);
    linger.sent([{ openBytes: 100_000 }]);
    expect(due()).toBe(105);
    linger.sent([{ openBytes: 100 }]);
    expect(due()).toBe(100);
    linger.sent([{ openBytes: 0 }]);
    expect(due()).toBe(100);
    linger.sent([{ openBytes: 20_000 }, { openBytes: 20_000 }]);
    expect(due()).toBe(105);
  });

  test.each([
    ['the last request has been a while ago', { inFlight: 0, sentAt: 90 }, 100],
    ['none was ever sent', { inFlight: 0, sentAt: Number.NEGATIVE_INFINITY }, 100],
    ['the last request was just now', { inFlight: 0, sentAt: 99 }, 101.5],
    ['a request is under way', { inFlight: 1, sentAt: 90 }, 105],
    ['the broker is not known', undefined, 105],
  ])('ends, where little comes and %s', (_what, leader, at) => {
    const linger = new Linger({ lingerMs: 5 });
    linger.sent([{ openBytes: 100 }]);
    expect(linger.dueAt(100, leader)).toBe(at);
  });

  // A document that is taken while the bridge runs may name another time.
  test('takes as long as the document says that runs now', () => {
    const tuning = { lingerMs: 5 };
    const linger = new Linger(tuning);
    expect(linger.dueAt(0, idle)).toBe(5);
    tuning.lingerMs = 100;
    expect([linger.dueAt(0, idle), linger.dueAt(0, busy)]).toEqual([100, 100]);
    linger.end();
    expect([linger.dueAt(0, idle), linger.dueAt(0, busy)]).toEqual([0, 0]);
  });
});
