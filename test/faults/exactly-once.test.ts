// A bridge from Kafka to Kafka was killed between a record and its offset, and wrote the record twice.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { MkbProcess } from '../support/bridge-process.ts';
import {
  allCommitted,
  type CopyFault,
  copyUnder,
  documentFor,
  patience,
  problemsOf,
  writeRecords,
} from './copied-records.ts';
import { long } from './faults.ts';
import { runLimitMs } from './under-fault.ts';
import { startWorld, type World } from './world.ts';

const times = long ? 40 : 3;

const faults: CopyFault[] = [
  {
    name: 'the bridge is killed with -9 at random moments',
    run: async ({ bridge, reach }) => {
      for (let time = 0; time < times; time++) {
        await reach(time / times);
        await pause(Math.random() * 200);
        await bridge.kill();
        await bridge.start();
      }
    },
  },
  {
    name: 'its connections to Kafka are reset again and again',
    link: 'kafka proxy',
    run: async ({ kafka, reach }) => {
      for (let time = 0; time < 3 * times; time++) {
        await reach(time / (3 * times));
        await pause(Math.random() * 100);
        kafka.brokers[0]!.proxy!.cut('reset');
      }
    },
  },
  {
    name: 'Kafka is killed with -9 and started again',
    run: async ({ kafka, reach }) => {
      await reach(0.4);
      await kafka.brokers[0]!.kill();
      await kafka.brokers[0]!.start();
    },
  },
  {
    name: 'another replica joins and is killed with -9',
    run: async ({ replica, reach }) => {
      await reach(0.2);
      await replica.start();
      await reach(0.5);
      await replica.kill();
    },
  },
];

describeReal('kafka', 'mosquitto')('a record from Kafka to Kafka', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  test.each(faults.map(fault => [fault.name, fault] as const))(
    'is seen once, in the order of its key, when %s',
    (_name, fault) => copyUnder(world, fault),
    runLimitMs,
  );

  test(
    'is seen once, although a second process takes the id of the first, which ends and says why',
    async () => {
      const run = await world.newRun();
      await world.kafka.createTopic(`${run.topic}-out`);
      const document = documentFor(run);
      const first = new MkbProcess(document, await freePort(), 0);
      const second = new MkbProcess(document, await freePort(), 0);
      const share = { written: 0 };
      try {
        await first.start();
        // The first learns it by its next transaction; as long as it has nothing to write it does no harm.
        const writing = writeRecords(world, run, share, () => !first.running);
        await until('some records to be written', () => share.written >= 0.3, patience);
        await second.start();
        await until('the first to end', () => !first.running, patience);
        await writing;
        expect(first.log()).toContain('kafka-producer-fenced');
        await allCommitted(world, run, second);
        expect(await problemsOf(world, run, share), second.log()).toEqual([]);
        expect(second.running).toBe(true);
      } finally {
        await Promise.all([first.remove(), second.remove()]);
      }
    },
    runLimitMs,
  );
});
