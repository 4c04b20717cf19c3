/**
 * A broker that closes the connection on large requests: `socket.request.max.bytes`, Event Hubs. One message that was too large for it was
 * sent again for ever, with everything behind it, and there was no dead letter.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { partitionOfKey } from '../../bridge/kafka/partitioner.ts';
import { producerFor, readTopic, type TestOptions, type TestProducer } from '../bridge/kafka/support/producing.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import type { ChaosProxy } from '../support/chaos-proxy.ts';
import { type Meddling, meddle } from '../support/kafka-meddler.ts';
import { runLimitMs } from './under-fault.ts';

const limit = 100_000;

describeReal('kafka', 'kcat')('a broker that hangs up on requests above 100,000 bytes', () => {
  let kafka: RunningKafka;
  let proxy: ChaosProxy;
  const meddling: Meddling = {};
  beforeAll(async () => {
    kafka = await startKafka({ proxied: true, config: { 'message.max.bytes': '4000000' } });
    proxy = kafka.brokers[0]!.proxy!;
    proxy.between = meddle(meddling);
  });
  afterEach(() => {
    meddling.largestRequest = Number.POSITIVE_INFINITY;
  });
  afterAll(() => kafka?.stop());

  let topics = 0;
  async function setup(options: TestOptions = {}, partitions = 3): Promise<{ topic: string; producer: TestProducer }> {
    const topic = `large-${topics++}`;
    await kafka.createTopic(topic, { partitions });
    const producer = await producerFor(kafka.bootstrapProxied, options);
    onTestFinished(() => producer.close());
    return { topic, producer };
  }
  const stored = async (topic: string) => (await readTopic(kafka.bootstrap, topic)).map(({ value }) => value);
  const text = (bytes: number) => randomBytes(bytes / 2).toString('hex');
  const small = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ key: `k${at % 9}`, value: `small ${at}` }));

  /** Whether a connection ended. */
  const ends = ({ problems }: TestProducer) => problems.some(({ code }) => code === 'kafka-unreachable');

  test(
    'gets every record but the one that is larger, which fails, and each key keeps its order',
    async () => {
      const { topic, producer } = await setup();
      meddling.largestRequest = limit;
      const records = [...small(100), { key: 'k1', value: text(120_000) }, ...small(200).slice(100)];
      await producer.deliver(topic, records);
      expect(producer.failures.map(({ token, error }) => [token, error.code])).toEqual([
        [100, 'kafka-message-too-large'],
      ]);
      expect(producer.failures[0]!.error.message).toContain('its broker takes');
      const values = await stored(topic);
      expect(values.toSorted()).toEqual(
        small(200)
          .map(({ value }) => value)
          .toSorted(),
      );
      const ofKey = (key: number) => values.map(value => Number(value.slice(6))).filter(at => at % 9 === key);
      for (let key = 0; key < 9; key++) expect(ofKey(key)).toEqual(ofKey(key).toSorted((a, b) => a - b));
    },
    runLimitMs,
  );

  test(
    'ends one connection when requests grow beyond what it takes, and gets every record once and in order',
    async () => {
      const sizes = { maxRequestBytes: 60_000, maxGrownBytes: 480_000, batchBytes: 20_000 };
      const { topic, producer } = await setup(sizes, 9);
      meddling.largestRequest = limit;
      const records = Array.from({ length: 3000 }, (_, at) => ({
        key: `k${at % 18}`,
        value: `${at} ${'x'.repeat(1000)}`,
      }));
      await producer.deliver(topic, records);
      const values = (await stored(topic)).map(value => Number.parseInt(value, 10));
      expect(values.toSorted((a, b) => a - b)).toEqual(records.map((_, at) => at));
      for (let key = 0; key < 18; key++) {
        const ofKey = values.filter(at => at % 18 === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
      }
      expect(producer.failures).toEqual([]);
      expect(ends(producer)).toBe(true);
      // No more than one connection: then it would have been taken for a limit below what the document allows.
      expect(producer.problems.filter(({ code }) => code === 'kafka-requests-too-large')).toEqual([]);
    },
    runLimitMs,
  );

  test(
    'is sent the next record of that size over connections of its own at once',
    async () => {
      const { topic, producer } = await setup({}, 1);
      meddling.largestRequest = limit;
      const endings: number[] = [];
      for (let times = 0; times < 2; times++) {
        const before = producer.problems.length;
        await producer.deliver(topic, [{ key: 'k', value: text(120_000) }]);
        const since = producer.problems.slice(before);
        endings.push(since.filter(({ code }) => code === 'kafka-unreachable').length);
      }
      // Some that others may have used too, and five of its own; then only five of its own.
      expect(endings[0]).toBeGreaterThan(5);
      expect(endings[1]).toBe(5);
      expect(producer.failures).toHaveLength(2);
    },
    runLimitMs,
  );

  test(
    'goes on with others while one is found out',
    async () => {
      const { topic, producer } = await setup({}, 8);
      meddling.largestRequest = limit;
      // What is in the partition of the large one waits behind it.
      const partition = (key: string) => partitionOfKey(Buffer.from(key), 0, key.length, 8);
      const elsewhere = ['a', 'b', 'c', 'd'].find(key => partition(key) !== partition('large'))!;
      producer.append(topic, [{ key: 'large', value: text(150_000) }]);
      let sent = 1;
      let before = 0;
      while (producer.failures.length === 0) {
        producer.append(topic, [{ key: elsewhere, value: `${sent++}` }]);
        before = producer.delivered.length;
        await until('its delivery', () => producer.delivered.length > before || producer.failures.length > 0, {
          everyMs: 1,
        });
      }
      await producer.outcome();
      expect(before).toBeGreaterThan(5);
      expect(producer.delivered).toHaveLength(sent - 1);
    },
    runLimitMs,
  );

  test(
    'gets batches that are larger in parts, each record once',
    async () => {
      const { topic, producer } = await setup({ batchBytes: 512 * 1024, lingerMs: 50 }, 1);
      meddling.largestRequest = limit;
      const records = Array.from({ length: 4000 }, (_, at) => ({ key: 'k', value: `${at}`.padStart(200, '0') }));
      await producer.deliver(topic, records);
      expect(producer.failures).toEqual([]);
      expect(producer.problems.map(({ code }) => code)).toContain('kafka-requests-too-large');
      expect(await stored(topic)).toEqual(records.map(({ value }) => value));
    },
    runLimitMs,
  );

  test(
    'gets the batches of many partitions in several requests',
    async () => {
      const { topic, producer } = await setup({ lingerMs: 50 }, 40);
      meddling.largestRequest = limit;
      const records = Array.from({ length: 400 }, (_, at) => ({ key: `k${at}`, value: `${at}`.padStart(2000, '0') }));
      await producer.deliver(topic, records);
      expect(producer.failures).toEqual([]);
      expect((await stored(topic)).toSorted()).toEqual(records.map(({ value }) => value).toSorted());
    },
    runLimitMs,
  );

  describe('and is not mistaken for', () => {
    test(
      'a balancer that takes connections for a broker that is down',
      async () => {
        const { topic, producer } = await setup();
        await producer.deliver(topic, small(1));
        meddling.largestRequest = 0;
        producer.append(topic, [{ key: 'k', value: text(60_000) }]);
        const from = proxy.taken;
        // More attempts than it takes to blame a record.
        await until('many attempts', () => proxy.taken > from + 12);
        meddling.largestRequest = Number.POSITIVE_INFINITY;
        await producer.outcome();
        expect(producer.failures).toEqual([]);
      },
      runLimitMs,
    );

    test(
      'a network that breaks all the time',
      async () => {
        const { topic, producer } = await setup({ batchBytes: 1024 });
        let sent = 0;
        let got = 0;
        let everyMs = 250;
        let breaking: NodeJS.Timeout | undefined;
        // Less often while nothing gets through: a busy machine may take longer for a connection.
        const breakIt = () => {
          proxy.cut('reset');
          everyMs = producer.delivered.length > got ? 250 : everyMs * 2;
          got = producer.delivered.length;
          breaking = setTimeout(breakIt, everyMs);
        };
        breakIt();
        onTestFinished(() => clearTimeout(breaking));
        const began = performance.now();
        while (performance.now() - began < 4000) {
          producer.append(topic, [{ key: `k${sent}`, value: `${sent++} ${text(20_000)}` }]);
          const { length } = producer.delivered;
          await until('a delivery', () => producer.delivered.length > length || producer.failures.length > 0);
        }
        clearTimeout(breaking);
        await producer.outcome();
        expect(producer.failures).toEqual([]);
        expect(new Set((await stored(topic)).map(value => Number.parseInt(value, 10))).size).toBe(sent);
      },
      runLimitMs,
    );
  });

  describe('a record above maxRequestBytes', () => {
    test('fails at once and is never sent', async () => {
      const { topic, producer } = await setup({ maxRequestBytes: 50_000, batchBytes: 20_000 });
      await producer.deliver(topic, [...small(10), { key: 'k1', value: text(60_000) }, ...small(20).slice(10)]);
      expect(producer.failures.map(({ token }) => token)).toEqual([10]);
      expect(producer.failures[0]!.error.message).toContain('kafka.producer.maxRequestBytes');
      expect(ends(producer)).toBe(false);
      expect((await stored(topic)).toSorted()).toEqual(
        small(20)
          .map(({ value }) => value)
          .toSorted(),
      );
    });

    test('is written if it is smaller when it is compressed', async () => {
      const { topic, producer } = await setup({ maxRequestBytes: 50_000, compression: 'gzip' });
      const value = 'well compressed '.repeat(10_000);
      await producer.deliver(topic, [
        { key: 'k', value },
        { key: 'k', value: text(300_000) },
        { key: 'k', value: 'last' },
      ]);
      expect(producer.failures.map(({ token }) => token)).toEqual([1]);
      expect(await stored(topic)).toEqual([value, 'last']);
    });

    test('does not make its batch larger than that', async () => {
      const { topic, producer } = await setup({ maxRequestBytes: 50_000, batchBytes: 1_000_000, lingerMs: 50 });
      meddling.largestRequest = 51_000;
      const records = Array.from({ length: 1000 }, (_, at) => ({ key: 'k', value: `${at}`.padStart(500, '0') }));
      await producer.deliver(topic, records);
      expect([producer.failures, ends(producer)]).toEqual([[], false]);
      expect(await stored(topic)).toEqual(records.map(({ value }) => value));
    });
  });
});
