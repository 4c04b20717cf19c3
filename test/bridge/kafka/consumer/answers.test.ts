/** What a consumer makes of whatever a broker answers to Fetch and ListOffsets: no broker, no socket. */
import { describe, expect, test } from 'vitest';
import type { OffsetReset } from '../../../../bridge/kafka/consumer/offset-reset.ts';
import { kafkaCodes, reactionTo } from '../../../../network/kafka/error-codes.ts';
import { batch } from './support/batches.ts';
import { type Listed, scriptedBroker } from './support/scripted-broker.ts';

/** Two that Kafka does not have, and all that are an error. */
const codes = [134, -7, ...kafkaCodes.map(({ code }) => code)].filter(code => code !== 0);
const good = batch({ first: 5, values: ['a', 'b'] });

test('records are handed over, and reading goes on behind them', async () => {
  const { world, answers, read, handed, problems, partition } = scriptedBroker();
  world.fetched = answers({ bytes: good });
  await read();
  expect([handed, problems, partition.offsets!.position, partition.open]).toEqual([['a@5', 'b@6'], [], 7n, 2]);
});

test('an empty answer changes nothing, and a partition that was in trouble is in it no more', async () => {
  const { world, answers, read, problems, partition } = scriptedBroker();
  world.fetched = answers({ errorCode: 6 });
  await read();
  expect(partition.trouble).toBeDefined();
  world.fetched = answers({});
  await read();
  expect([partition.trouble, partition.failures, partition.offsets!.position]).toEqual([undefined, 0, 5n]);
  expect(problems).toHaveLength(1);
});

describe('an error code of a partition', () => {
  // OFFSET_OUT_OF_RANGE has tests of its own.
  test.each(
    codes.filter(code => code !== 1),
  )('%i is the trouble of the partition, which stays where it is', async code => {
    const { world, answers, read, handed, problems, partition } = scriptedBroker();
    world.fetched = answers({ errorCode: code, bytes: good });
    await read();
    expect([handed, partition.offsets!.position, partition.offsets!.safe]).toEqual([[], 5n, 5n]);
    const denied = reactionTo(code) === 'denied';
    expect(problems).toEqual([denied ? 'kafka-not-authorised' : 'kafka-request-failed']);
    expect(partition.readableAt).toBeGreaterThan(0);
    expect(world.refreshes).toBe(1);
    world.fetched = answers({ bytes: good });
    await read();
    expect([handed, partition.trouble]).toEqual([['a@5', 'b@6'], undefined]);
  });
});

describe('a failure of a whole Fetch is thrown, and no partition moves', () => {
  const other = (name: string, partition: number) =>
    scriptedBroker().answers({ topic: name, partition, bytes: good }).partitions;
  const cases: [string, object | 'lost', string][] = [
    ['no answer', 'lost', 'kafka-unreachable'],
    ['an answer for nothing', { errorCode: 0, partitions: [] }, 'kafka-request-failed'],
    ['an answer for another partition', { errorCode: 0, partitions: other('t', 1) }, 'kafka-request-failed'],
    ['an answer for another topic', { errorCode: 0, partitions: other('u', 0) }, 'kafka-request-failed'],
    ['an answer twice', { errorCode: 0, partitions: [...other('t', 0), ...other('t', 0)] }, 'kafka-request-failed'],
    ...codes.map((errorCode): [string, object, string] => [
      `error ${errorCode}`,
      { errorCode, partitions: other('t', 0) },
      'kafka-request-failed',
    ]),
  ];
  test.each(cases)('%s', async (_, fetched, code) => {
    const { world, read, handed, partition } = scriptedBroker();
    world.fetched = fetched as typeof world.fetched;
    await expect(read()).rejects.toMatchObject({ code, kind: 'retryable' });
    expect([handed, partition.offsets!.position]).toEqual([[], 5n]);
  });
});

describe('a damaged batch is passed to another replica', () => {
  test('and what is before it is handed over once', async () => {
    const { world, answers, read, handed, problems, partition } = scriptedBroker();
    const damaged = batch({ first: 7, values: ['c'] });
    damaged[65]! ^= 1;
    world.fetched = answers({ bytes: Buffer.concat([good, damaged]) });
    await read();
    expect([handed, problems, partition.replica]).toEqual([['a@5', 'b@6'], ['kafka-batch-damaged'], 2]);
    world.fetched = answers({ bytes: damaged });
    await read();
    // Every replica has had its turn.
    expect([handed, partition.replica, partition.offsets!.position]).toEqual([['a@5', 'b@6'], undefined, 7n]);
    world.fetched = answers({ bytes: batch({ first: 7, values: ['c'] }) });
    await read();
    expect([handed, partition.trouble]).toEqual([['a@5', 'b@6', 'c@7'], undefined]);
  });

  test('and one that is cut off at the end of an answer is asked for again, without trouble', async () => {
    const { world, answers, read, handed, problems, partition } = scriptedBroker();
    const next = batch({ first: 7, values: ['c'] });
    for (let bytes = 0; bytes < next.length; bytes++) {
      partition.offsets!.position = 5n;
      world.fetched = answers({ bytes: Buffer.concat([good, next.subarray(0, bytes)]) });
      await read();
      expect([handed.splice(0), problems, partition.offsets!.position]).toEqual([['a@5', 'b@6'], [], 7n]);
    }
  });
});

describe('an offset out of range', () => {
  const hour = { agoMs: 3_600_000 };
  test.each<[string, OffsetReset, Listed, Listed, bigint, string]>([
    [
      'records are gone: what is kept comes next',
      'earliest',
      { offset: 9n },
      { offset: 20n },
      9n,
      'kafka-records-gone',
    ],
    [
      'so it is with latest, which would skip some',
      'latest',
      { offset: 9n },
      { offset: 20n },
      9n,
      'kafka-records-gone',
    ],
    ['and with a time', hour, { offset: 9n }, { offset: 20n }, 9n, 'kafka-records-gone'],
    ['the partition is shorter: earliest', 'earliest', { offset: 0n }, { offset: 3n }, 0n, 'kafka-records-gone'],
    ['the partition is shorter: latest', 'latest', { offset: 0n }, { offset: 3n }, 3n, 'kafka-records-gone'],
    ['the partition is shorter: a time', hour, { offset: 0n }, { offset: 3n }, 2n, 'kafka-records-gone'],
    ['none waits for a person', 'none', { offset: 9n }, { offset: 20n }, 5n, 'kafka-offset-missing'],
    [
      'the leader does have it: no offset is given up',
      'earliest',
      { offset: 0n },
      { offset: 20n },
      5n,
      'kafka-request-failed',
    ],
    ['its own end counts as had', 'latest', { offset: 0n }, { offset: 5n }, 5n, 'kafka-request-failed'],
    // An answer that said nothing was taken for offset -1, and committed.
    ['the beginning is -1', 'earliest', { offset: -1n }, { offset: 3n }, 5n, 'kafka-request-failed'],
    ['the end is -1', 'latest', { offset: 0n }, { offset: -1n }, 5n, 'kafka-request-failed'],
    // The offset of another partition was believed.
    [
      'the answer is for another partition',
      'earliest',
      { offset: 9n, of: { name: 't', partitionIndex: 1 } },
      { offset: 20n },
      5n,
      'kafka-request-failed',
    ],
    [
      'the answer is for another topic',
      'earliest',
      { offset: 9n, of: { name: 'u', partitionIndex: 0 } },
      { offset: 20n },
      5n,
      'kafka-request-failed',
    ],
  ])('%s', async (_, reset, earliest, latest, position, code) => {
    const { world, answers, read, problems, partition } = scriptedBroker(reset);
    Object.assign(world, { earliest, latest, timed: { offset: 2n }, fetched: answers({ errorCode: 1 }) });
    await read();
    expect([partition.offsets!.position, problems]).toEqual([position, [code]]);
  });

  test('where no record is as late as a time, what comes next is', async () => {
    const { world, answers, read, partition } = scriptedBroker(hour);
    Object.assign(world, { latest: { offset: 3n }, timed: { offset: -1n }, fetched: answers({ errorCode: 1 }) });
    await read();
    expect(partition.offsets!.position).toBe(3n);
  });

  test.each<[string, Listed | 'lost']>([
    ['no answer', 'lost'],
    ...codes.map((errorCode): [string, Listed] => [`error ${errorCode}`, { errorCode, offset: 99n }]),
  ])('with %s to the question for the end, no offset is given up', async (_, latest) => {
    const { world, answers, read, problems, partition } = scriptedBroker();
    Object.assign(world, { latest, fetched: answers({ errorCode: 1 }) });
    await read();
    const denied = typeof latest === 'object' && reactionTo(latest.errorCode!) === 'denied';
    expect(problems).toEqual([denied ? 'kafka-not-authorised' : 'kafka-request-failed']);
    expect(partition.offsets!.position).toBe(5n);
  });

  test('of a topic that was made again says nothing about the offset', async () => {
    const { world, answers, read, problems, partition, ids } = scriptedBroker();
    world.topic.id = ids.made;
    world.fetched = answers({ errorCode: 1 });
    await read();
    expect([partition.offsets!.position, problems]).toEqual([5n, ['kafka-request-failed']]);
  });
});

describe('an answer that comes too late', () => {
  test('because the partition was lost is handed over to nobody', async () => {
    const { world, answers, read, handed, problems, partition } = scriptedBroker();
    for (const fields of [{ bytes: good }, { errorCode: 6 }, { errorCode: 1 }]) {
      world.fetched = answers(fields);
      world.over = true;
      await read();
    }
    expect([handed, problems, partition.trouble, partition.offsets!.position]).toEqual([[], [], undefined, 5n]);
  });

  test('because the topic was made again does not move the new one', async () => {
    const { world, answers, fetch, read, handed, partition, ids } = scriptedBroker();
    world.fetched = answers({ bytes: good });
    const reading = read();
    partition.restart();
    await reading;
    expect(handed).toEqual([]);
    partition.begin({ position: 0n, committed: 0n, topicId: ids.made });
    expect((await fetch())[0]!.asked.from).toBe(0n);
  });

  test.each([
    'lost',
    'made again',
  ])('because it was %s while there was no room ends in front of the next record', async how => {
    const { world, answers, read, handed, partition } = scriptedBroker();
    const room = Promise.withResolvers<void>();
    world.room = room.promise;
    world.fetched = answers({ bytes: good });
    const reading = read();
    if (how === 'lost') world.over = true;
    else partition.restart();
    world.room = undefined;
    room.resolve();
    await reading;
    expect(handed).toEqual([]);
    if (how === 'lost') expect(partition.offsets!.safe).toBe(5n);
  });
});

test('while there is no room nothing is handed over, and nothing is left out afterwards', async () => {
  const { world, answers, read, handed } = scriptedBroker();
  const room = Promise.withResolvers<void>();
  world.room = room.promise;
  world.fetched = answers({ bytes: good });
  const reading = read();
  await new Promise(resolve => setImmediate(resolve));
  expect(handed).toEqual([]);
  world.room = undefined;
  room.resolve();
  await reading;
  expect(handed).toEqual(['a@5', 'b@6']);
});
