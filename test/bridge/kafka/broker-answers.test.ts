/** Every answer that a broker may give to a batch, whether it wrote the batch or not: a table over all error codes of Kafka. */
import { afterEach, describe, expect, test } from 'vitest';
import { Identity, identitiesOf } from '../../../bridge/kafka/identity.ts';
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { kafkaCodes, reactionTo, refuses } from '../../../network/kafka/error-codes.ts';
import { until } from '../../real/until.ts';
import { producerFor, type TestOptions, type TestProducer } from './support/producing.ts';

let kafka: EmbeddedKafka;
let producer: TestProducer;

async function setup(options: TestOptions = {}, broker: EmbeddedKafkaOptions = {}): Promise<void> {
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 1 }], autoCreateTopics: false, ...broker });
  producer = await producerFor(kafka.bootstrap, { lingerMs: 0, ...options });
}

afterEach(async () => {
  producer.close();
  await kafka.stop();
});

const values = () => kafka.records('t').map(({ value }) => value?.toString());
const send = (...sent: string[]) =>
  producer.deliver(
    't',
    sent.map(value => ({ key: 'k', value })),
  );

/** Two that Kafka does not have, and all that it has. */
const codes = [
  [134, 'one of a later Kafka'],
  [-7, 'one of something else'],
  ...kafkaCodes.filter(({ code }) => code !== 0).map(({ code, name }) => [code, name] as const),
] as const;
/** What ends a record: its own fault. A batch of one record cannot be split. */
const isFinal = (code: number) => refuses(code, 'record') || reactionTo(code) === 'split';

// 984 acknowledged messages were dropped because Produce was answered ILLEGAL_SASL_STATE, which nobody had thought of.
test.each(codes)('a batch that is answered %d (%s) is delivered unless its record is to blame', async code => {
  await setup();
  kafka.faults.add({ api: 'Produce', error: code });
  await send('first');
  await send('second');
  expect(producer.failures.map(({ value }) => value)).toEqual(isFinal(code) ? ['first'] : []);
  expect(values()).toEqual(isFinal(code) ? ['second'] : ['first', 'second']);
});

describe('a batch that was written although the answer says otherwise', () => {
  // The next batch got the sequence number of the one that was refused: the broker took it for a repetition, and it was nowhere.
  test.each(codes)('(%d, %s) costs no later record', async code => {
    await setup();
    kafka.faults.add({ api: 'Produce', error: code, applied: true });
    await send('first');
    await send('second');
    await send('third');
    expect(producer.delivered.length + producer.failures.length).toBe(3);
    expect(values()).toContain('first');
    expect(values().slice(-2)).toEqual(['second', 'third']);
  });

  const final = codes.filter(([code]) => isFinal(code));

  test.each(final)('and whose repetition is refused (%d, %s) costs no later record', async code => {
    await setup();
    kafka.faults.add({ api: 'Produce', notLeader: true, applied: true });
    kafka.faults.add({ api: 'Produce', skip: 1, error: code });
    await send('first');
    await send('second');
    expect(producer.failures.map(({ value }) => value)).toEqual(['first']);
    expect(values()).toEqual(['first', 'second']);
  });

  test('and is split afterwards costs no later record', async () => {
    await setup({ batchBytes: 1024 * 1024, lingerMs: 5 });
    kafka.faults.add({ api: 'Produce', drop: 'after' });
    kafka.faults.add({ api: 'Produce', skip: 1, error: 'MESSAGE_TOO_LARGE' });
    await send('1', '2', '3', '4');
    await send('5');
    expect(producer.failures).toEqual([]);
    expect([...new Set(values())]).toEqual(['1', '2', '3', '4', '5']);
  });

  test('is one record to the broker when it is repeated', async () => {
    await setup();
    kafka.faults.add({ api: 'Produce', drop: 'after' });
    kafka.faults.add({ api: 'Produce', skip: 1, error: 'DUPLICATE_SEQUENCE_NUMBER' });
    await send('first');
    await send('second');
    expect(values()).toEqual(['first', 'second']);
  });

  test('is one record when its connection is lost and its partition moves before it is repeated', async () => {
    await setup({}, { nodes: 2 });
    await send('first');
    const leader = kafka.cluster.topic('t')!.partitions[0]!.leader;
    const lost = kafka.faults.add({ api: 'Produce', drop: 'after' });
    const sent = send('second');
    await lost.met();
    kafka.cluster.moveLeader('t', 0, leader === 1 ? 2 : 1);
    await sent;
    await send('third');
    expect(values()).toEqual(['first', 'second', 'third']);
  });
});

describe('a partition that metadata did not have for a moment', () => {
  // A broker whose metadata is old says that the topic has one partition. The lanes of the others were made again and counted from 0 under
  // the same producer id: their first batch was taken for a repetition.
  test('gets every record after it is back', async () => {
    await setup({}, { topics: [{ name: 't', partitions: 2 }] });
    const keys = ['k0', 'k1', 'k2', 'k3'];
    const round = (prefix: string) =>
      producer.deliver(
        't',
        keys.map(key => ({ key, value: `${prefix} ${key}` })),
      );
    const learned = (count: number) => {
      producer.cluster.refresh();
      return until('metadata to be read', () => producer.cluster.topic('t')?.leaders.length === count);
    };
    await round('before');
    const { partitions } = kafka.cluster.topic('t')!;
    const [last] = partitions.splice(1);
    await learned(1);
    await round('while');
    partitions.push(last!);
    await learned(2);
    await round('after');
    expect(
      values()
        .filter(value => value?.startsWith('after'))
        .toSorted(),
    ).toEqual(keys.map(key => `after ${key}`));
  });
});

describe('the producer id', () => {
  const ids = () => kafka.records('t');

  test('stays the same however many records are refused: brokers remember each id for a day', async () => {
    await setup();
    const asked = kafka.faults.add({ api: 'InitProducerId', times: Number.POSITIVE_INFINITY });
    kafka.faults.add({ api: 'Produce', error: 'INVALID_RECORD', times: 20 });
    for (let number = 0; number < 25; number++) await send(`${number}`);
    expect(asked.hits).toBe(0);
    expect(ids()).toHaveLength(5);
  });

  test('is another one when its epochs are used up', async () => {
    await setup();
    await send('first');
    const asked = kafka.faults.add({ api: 'InitProducerId', times: Number.POSITIVE_INFINITY });

    const identity = new Identity(true, identitiesOf(producer.cluster), { minDelayMs: 1, maxDelayMs: 1 }, noEvents);
    await identity.obtain();
    const { producerId } = identity.current!;
    for (let epoch = 0; epoch < 32_767; epoch++) identity.supersede(identity.current);
    expect(identity.current).toEqual({ producerId, producerEpoch: 32_767 });
    identity.supersede(identity.current);
    expect(identity.ready).toBe(false);
    expect(asked.hits).toBe(1);
  });
});

const noEvents = { renewed: () => undefined, problem: () => undefined };
