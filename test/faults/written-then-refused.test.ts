/**
 * A batch was written, answered NOT_LEADER_OR_FOLLOWER, and refused when it was repeated. The next batch got its sequence number; Kafka took it for
 * a repetition and confirmed it, and its records were nowhere although they counted as delivered.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorName, refuses } from '../../network/kafka/error-codes.ts';
import { producerFor, readTopic } from '../bridge/kafka/support/producing.ts';
import { type RunningKafka, startKafka } from '../real/kafka.ts';
import { describeReal } from '../real/require.ts';
import { type Meddling, meddle } from '../support/kafka-meddler.ts';
import { long } from './faults.ts';

const code = {
  notLeader: 6,
  timedOut: 7,
  tooLarge: 10,
  afterAppend: 20,
  outOfOrder: 45,
  forgotten: 59,
  invalidRecord: 87,
};

describeReal('kafka', 'kcat')('what Kafka wrote and is said to have refused', () => {
  let kafka: RunningKafka;
  const meddling: Meddling = {};
  beforeAll(async () => {
    kafka = await startKafka({ proxied: true });
    kafka.brokers[0]!.proxy!.between = meddle(meddling);
  });
  afterAll(() => kafka?.stop());

  const valuesOf = async (topic: string) => (await readTopic(kafka.bootstrap, topic)).map(({ value }) => value);

  test.each([
    ['at once', [code.invalidRecord]],
    ['as too large', [code.tooLarge]],
    ['when it is repeated', [code.notLeader, code.invalidRecord]],
    ['when it is repeated a second time', [code.timedOut, code.afterAppend, code.tooLarge]],
  ])('%s costs no record that comes after it', async (name, answers) => {
    const topic = `refused-${name.replaceAll(' ', '-')}`;
    await kafka.createTopic(topic, { partitions: 1 });
    const producer = await producerFor(kafka.bootstrapProxied);
    await producer.deliver(topic, [{ key: 'k', value: 'before' }]);
    const left = [...answers];
    meddling.answer = () => left.shift();
    for (const value of ['refused', 'after', 'last']) await producer.deliver(topic, [{ key: 'k', value }]);
    producer.close();
    expect(producer.failures.map(({ value }) => value)).toEqual(['refused']);
    expect(await valuesOf(topic)).toEqual(['before', 'refused', 'after', 'last']);
  });

  test('costs no record under load: each that counts as delivered is there', async () => {
    await kafka.createTopic('refused-under-load');
    const producer = await producerFor(kafka.bootstrapProxied, { batchBytes: 2048, lingerMs: 1 });
    const told = new Map<string, number>();
    let answered = 0;
    meddling.answer = () => {
      // Every third answer lies, each code in turn: what passes, what is final, and what asks for another producer id.
      if (++answered % 3 > 0) return undefined;
      const lies = Object.values(code);
      const lie = lies[(answered / 3) % lies.length]!;
      told.set(errorName(lie), (told.get(errorName(lie)) ?? 0) + 1);
      return lie;
    };
    const total = long ? 100_000 : 6000;
    for (let sent = 0; sent < total; sent += 200) {
      producer.append(
        'refused-under-load',
        Array.from({ length: 200 }, (_, index) => ({
          key: `k${index % 7}`,
          value: `${sent + index}`.padStart(60, '0'),
        })),
      );
      await producer.outcome();
    }
    meddling.answer = () => undefined;
    producer.close();
    expect(told.size).toBe(Object.keys(code).length);
    const failed = new Set(producer.failures.map(({ token }) => token));
    expect(
      producer.failures.every(({ error }) => ['kafka-record-refused', 'kafka-message-too-large'].includes(error.code)),
    ).toBe(true);
    expect(refuses(code.invalidRecord, 'record') && failed.size > 0).toBe(true);
    const stored = new Set((await valuesOf('refused-under-load')).map(Number));
    const missing = producer.delivered.filter(token => !stored.has(token));
    expect(missing).toEqual([]);
    expect(producer.delivered.length + failed.size).toBe(total);
  });
});
