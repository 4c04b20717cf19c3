/**
 * What every Kafka client must be able to do with the embedded broker, as one suite that each client's driver runs.
 *
 * The broker's own state says when a group is complete and what it committed, so nothing here waits for a time to pass.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { until } from '../../real/until.ts';
import { makeBatch } from './batches.ts';
import { WireClient } from './wire-client.ts';

export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

export interface Member {
  /** Values seen so far, in the order seen. */
  readonly seen: string[];
  /** Commits, leaves the group and disconnects. */
  leave(): Promise<void>;
}

export interface Driver {
  /** Compressions that this client has. */
  readonly compressions: readonly Compression[];
  /** Sends values with the key `key`, as an idempotent producer, and returns when all are acknowledged. */
  produce(bootstrap: string, topic: string, values: readonly string[], compression: Compression): Promise<void>;
  /** The first `count` values of a topic. */
  read(bootstrap: string, topic: string, count: number): Promise<string[]>;
  /** Joins a group that begins at the first record, and reads until told to leave. */
  join(bootstrap: string, topic: string, group: string): Promise<Member>;
}

const bits: Record<Compression, number> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };
const PARTITIONS = 4;

/** Large and even enough that every client finds them worth compressing. */
const someValues = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${from + i} ${'even '.repeat(50)}`);

export function clientContract(name: string, driver: Driver): void {
  let kafka: EmbeddedKafka;
  const problems: Error[] = [];
  const members: Member[] = [];

  beforeEach(async () => {
    kafka = await startEmbeddedKafka({ topics: [{ name: 'events', partitions: PARTITIONS }] });
    kafka.onProblem(problem => problems.push(problem));
  });

  afterEach(async () => {
    await Promise.all(members.splice(0).map(member => member.leave()));
    await kafka.stop();
    expect(problems.splice(0)).toEqual([]);
  });

  async function join(): Promise<Member> {
    const member = await driver.join(kafka.bootstrap, 'events', 'readers');
    members.push(member);
    return member;
  }

  const complete = (count: number) =>
    until(`a group of ${count}`, () => {
      const group = kafka.cluster.groups.get('readers');
      return group?.state === 'Stable' && group.members.length === count;
    });

  async function produceEverywhere(values: readonly string[]): Promise<void> {
    const client = await WireClient.connect(kafka.bootstrap);
    for (const [i, value] of values.entries())
      await client.produce('events', i % PARTITIONS, makeBatch({ values: [value] }));
    await client.close();
  }

  const committed = (): number =>
    kafka.cluster.groups.allCommitted('readers').reduce((sum, { offset }) => sum + Math.max(0, offset), 0);

  describe(name, () => {
    for (const compression of driver.compressions) {
      it(`produces with ${compression} compression and reads it back from the beginning`, async () => {
        const values = someValues(20);
        await driver.produce(kafka.bootstrap, 'events', values, compression);
        expect(kafka.records('events').map(record => [String(record.key), String(record.value)])).toEqual(
          values.map(value => ['key', value]),
        );
        const batches = kafka.cluster.topic('events')!.partitions.flatMap(({ log }) => log.batches);
        expect(batches.map(batch => batch.attributes & 7)).toEqual(batches.map(() => bits[compression]));
        expect(batches.every(batch => batch.producerId > 0)).toBe(true);
        expect(await driver.read(kafka.bootstrap, 'events', values.length)).toEqual(values);
      });
    }

    it('shares the partitions among two members of a group', async () => {
      const first = await join();
      await complete(1);
      const second = await join();
      await complete(2);
      const values = someValues(4 * PARTITIONS);
      await produceEverywhere(values);
      await until('every record', () => first.seen.length + second.seen.length >= values.length);
      expect([...first.seen, ...second.seen].sort()).toEqual(values.toSorted());
      expect(first.seen.length).toBe(second.seen.length);
    });

    it('goes on where its group committed', async () => {
      const before = someValues(8);
      await produceEverywhere(before);
      const first = await join();
      await until('the first records', () => first.seen.length >= before.length);
      await members.pop()!.leave();
      expect(committed()).toBe(before.length);
      const after = someValues(8, 8);
      await produceEverywhere(after);
      const second = await join();
      await until('the further records', () => second.seen.length >= after.length);
      expect(second.seen.toSorted()).toEqual(after.toSorted());
    });
  });
}
